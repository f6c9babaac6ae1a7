#include "roles/edge/ask.h"

#include "base/ids.h"

namespace pixgate::edge {

Result<Ask> read_ask(const http::Request& request, const AskRules& rules) {
    Ask ask;
    const std::string& text = request.params.at("options");
    const auto preset = find_preset(text);
    if (preset) {
        ask.transform = *preset;
    } else {
        TRY(ask.transform, parse_transform(text));
    }
    TRY(ask.is_signed, rules.signer.verify(request.path, request.query, rules.clock.now()));
    const bool is_free = preset || (is_listed(ask.transform) && !rules.presets_only);
    if (!is_free && !ask.is_signed) {
        return fail(Errc::kPermissionDenied, "this size needs a signed URL", "size_not_listed");
    }
    ask.id = ImageId{request.params.at("image_id")};
    if (!is_uuid_v7(ask.id.value)) return fail(Errc::kNotFound, "no such picture");
    ask.by_accept = ask.transform.format == OutputFormat::kAuto;
    return ask;
}

void settle_format(Ask& ask, std::string_view accept, bool has_alpha) {
    if (!ask.by_accept) return;
    const auto format = negotiate(accept, has_alpha, {}, ask.transform.animate);
    ask.transform = in_format(ask.transform, format);
}

}  // namespace pixgate::edge
