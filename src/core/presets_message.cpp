#include "core/presets_message.h"

#include <boost/json.hpp>

namespace pixgate {

namespace json = boost::json;

namespace {

constexpr std::string_view kType = "pixgate.presets/1";
constexpr std::size_t kMaxBytes = 4 * 1024;

}  // namespace

std::string to_json(const PresetsMessage& m) {
    return json::serialize(json::object{
        {"type", kType}, {"image_id", m.image_id.value}, {"etag", m.etag}, {"anew", m.is_anew}
    });
}

Result<PresetsMessage> parse_presets_message(std::string_view text) {
    if (text.size() > kMaxBytes) return fail(Errc::kInvalidArgument, "message over 4 KiB");
    boost::system::error_code ec;
    json::parse_options options;
    options.max_depth = 4;
    const json::value root = json::parse(text, ec, {}, options);
    if (ec || !root.is_object())
        return fail(Errc::kInvalidArgument, "message is not a JSON object");
    const auto& object = root.get_object();
    const auto text_of = [&](std::string_view name) -> std::string {
        const auto* value = object.if_contains(name);
        return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
    };
    if (text_of("type") != kType) return fail(Errc::kInvalidArgument, "unknown message type");
    const auto* anew = object.if_contains("anew");
    PresetsMessage out{{text_of("image_id")}, text_of("etag"), false};
    if (out.image_id.value.empty() || out.etag.empty() || anew == nullptr || !anew->is_bool())
        return fail(Errc::kInvalidArgument, "message lacks image_id, etag or anew");
    out.is_anew = anew->get_bool();
    return out;
}

}  // namespace pixgate
