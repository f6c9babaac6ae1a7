#include "core/message.h"

#include <boost/json.hpp>

#include "core/bucket.h"

namespace pixgate {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxMessageVariants = 64;

json::array write_variants(const std::vector<Variant>& variants) {
    json::array out;
    for (const auto& v : variants) {
        out.push_back(json::object{
            {"kind", name_of(v.kind)},
            {"name", v.name},
            {"key", v.key},
            {"etag", v.etag},
            {"content_type", v.content_type},
            {"width_px", v.width_px},
            {"height_px", v.height_px},
            {"size_bytes", v.size_bytes},
        });
    }
    return out;
}

}  // namespace

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
        {"has_alpha", m.has_alpha},
        {"dominant_colour", m.dominant_colour},
        {"thumbhash", m.thumbhash},
        {"blurhash", m.blurhash},
        {"variants", write_variants(m.variants)},
        {"presets_anew", m.wants_presets_anew},
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

    // Absent in messages of older versions.
    std::string text_or_none(std::string_view name) {
        return object_.contains(name) ? text(name) : std::string();
    }
    bool truth_or_false(std::string_view name) {
        const auto* value = object_.if_contains(name);
        if (value == nullptr) return false;
        if (!value->is_bool()) bad(name);
        return value->is_bool() && value->get_bool();
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

Result<Variant> read_variant(const json::value& value) {
    if (!value.is_object()) return fail(Errc::kInvalidArgument, "message member variants");
    Reader r(value.get_object());
    Variant v;
    const auto kind = parse_variant_kind(r.text("kind"));
    if (!kind || *kind == VariantKind::kThumbnail) r.bad("kind");
    v.name = r.text("name");
    v.bucket = kVariantsBucket;
    v.key = r.text("key");
    v.etag = r.text("etag");
    v.content_type = r.text("content_type");
    v.width_px = r.number<std::uint32_t>("width_px");
    v.height_px = r.number<std::uint32_t>("height_px");
    v.size_bytes = r.number<std::uint64_t>("size_bytes");
    if (!r.first_bad().empty()) {
        return fail(Errc::kInvalidArgument, "message member variants." + r.first_bad());
    }
    v.kind = *kind;
    return v;
}

Result<std::vector<Variant>> read_variants(const json::object& root) {
    std::vector<Variant> out;
    const auto* list = root.if_contains("variants");
    if (list == nullptr) return out;
    if (!list->is_array() || list->get_array().size() > kMaxMessageVariants) {
        return fail(Errc::kInvalidArgument, "message member variants");
    }
    for (const auto& value : list->get_array()) {
        TRY(out.emplace_back(), read_variant(value));
    }
    return out;
}

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
    m.has_alpha = r.truth_or_false("has_alpha");
    m.dominant_colour = r.text_or_none("dominant_colour");
    m.thumbhash = r.text_or_none("thumbhash");
    m.blurhash = r.text_or_none("blurhash");
    TRY(m.variants, read_variants(root.get_object()));
    m.wants_presets_anew = r.truth_or_false("presets_anew");
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
