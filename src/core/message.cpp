#include "core/message.h"

#include <boost/json.hpp>

namespace pixgate {

namespace json = boost::json;

std::string to_json(const RegisterMessage& m) {
    const json::object out{
        {"type", "pixgate.register/1"},
        {"image_id", m.image_id.value},
        {"thumbnail", m.thumbnail},
        {"url", m.url},
        {"verdict", name_of(m.verdict)},
        {"reason", m.reason},
        {"content_type", m.content_type},
        {"size_bytes", m.size_bytes},
        {"sha256", m.sha256},
        {"width_px", m.width_px},
        {"height_px", m.height_px},
        {"frames", m.frames},
        {"event",
         {{"name", m.event.name},
          {"at", format_rfc3339(m.event.at)},
          {"bucket", m.event.bucket},
          {"key", m.event.key},
          {"etag", m.event.etag},
          {"version_id", m.event.version_id},
          {"sequencer", m.event.sequencer},
          {"request_id", m.event.request_id}}},
    };
    return json::serialize(out);
}

namespace {

// Reads members with the type they must have; remembers the first that is wrong.
class Reader {
public:
    explicit Reader(const json::object& object) : object_(object) {}

    std::string text(std::string_view name) {
        const auto* value = object_.if_contains(name);
        if (value == nullptr || !value->is_string()) {
            bad(name);
            return {};
        }
        return std::string(value->get_string());
    }

    template <class N>
    N number(std::string_view name) {
        const auto* value = object_.if_contains(name);
        boost::system::error_code ec;
        const N n = value == nullptr ? N{} : value->to_number<N>(ec);
        if (value == nullptr || ec) bad(name);
        return n;
    }

    void bad(std::string_view name) {
        if (first_bad_.empty()) first_bad_ = name;
    }
    const std::string& first_bad() const { return first_bad_; }

private:
    const json::object& object_;
    std::string first_bad_;
};

}  // namespace

Result<RegisterMessage> parse_register_message(std::string_view text) {
    if (text.size() > 64 * 1024) return fail(Errc::kInvalidArgument, "message over 64 KiB");
    boost::system::error_code ec;
    json::parse_options options;
    options.max_depth = 8;
    const json::value root = json::parse(text, ec, {}, options);
    if (ec || !root.is_object())
        return fail(Errc::kInvalidArgument, "message is not a JSON object");
    Reader r(root.get_object());
    if (r.text("type") != "pixgate.register/1")
        return fail(Errc::kInvalidArgument, "unknown message type");
    RegisterMessage m;
    m.image_id.value = r.text("image_id");
    m.thumbnail = r.text("thumbnail");
    m.url = r.text("url");
    m.reason = r.text("reason");
    m.content_type = r.text("content_type");
    m.size_bytes = r.number<std::uint64_t>("size_bytes");
    m.sha256 = r.text("sha256");
    m.width_px = r.number<std::uint32_t>("width_px");
    m.height_px = r.number<std::uint32_t>("height_px");
    m.frames = r.number<std::uint32_t>("frames");
    const auto verdict = parse_image_state(r.text("verdict"));
    if (!verdict) r.bad("verdict");
    const auto* event = root.get_object().if_contains("event");
    if (event == nullptr || !event->is_object())
        return fail(Errc::kInvalidArgument, "message without event");
    Reader e(event->get_object());
    m.event.name = e.text("name");
    const auto at = parse_rfc3339(e.text("at"));
    if (!at) e.bad("at");
    m.event.bucket = e.text("bucket");
    m.event.key = e.text("key");
    m.event.etag = e.text("etag");
    m.event.version_id = e.text("version_id");
    m.event.sequencer = e.text("sequencer");
    m.event.request_id = e.text("request_id");
    m.event.size_bytes = m.size_bytes;
    for (const auto* reader : {&r, &e}) {
        if (!reader->first_bad().empty()) {
            return fail(Errc::kInvalidArgument, "message member " + reader->first_bad());
        }
    }
    m.verdict = *verdict;
    m.event.at = *at;
    return m;
}

}  // namespace pixgate
