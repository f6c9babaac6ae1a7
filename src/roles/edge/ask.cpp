#include "roles/edge/ask.h"

#include <array>

#include "base/encoding.h"
#include "base/ids.h"
#include "roles/edge/client_hints.h"

namespace pixgate::edge {

namespace {

constexpr std::array kDialects{
    Dialect{"imgproxy", "/imgproxy", dialects::read_imgproxy},
    Dialect{"cloudflare", "/cdn-cgi/image", dialects::read_cloudflare},
    Dialect{"supabase", "/render/image/public", dialects::read_supabase},
    Dialect{"supabase", "/storage/v1/render/image/public", dialects::read_supabase},
    Dialect{"ipx", "/ipx", dialects::read_ipx},
};

void add_vary(Ask& ask, std::string_view field) {
    if (!ask.vary.empty()) ask.vary += ", ";
    ask.vary += field;
}

void finish(Ask& ask) {
    ask.by_accept = ask.transform.format == OutputFormat::kAuto;
    if (ask.by_accept && !ask.keeps_format) add_vary(ask, "Accept");
}

// What a device says is rounded to the list, so that it makes no more sizes than there are; where
// that is too large for the list, a smaller density serves.
Result<Transform> hinted(
    std::string_view text, const http::Fields& fields, SignedFor by, const UrlRules& rules
) {
    Openness openness = rules.openness;
    openness.snap_widths = true;
    Result<Transform> out = fail(Errc::kInternal, "no density");
    for (const auto density : kHintedDensities) {
        out = parse_transform(with_client_hints(text, fields, density).text);
        if (out) out = opened(*out, by, rules.presets, openness);
        if (out) break;
    }
    return out;
}

}  // namespace

std::span<const Dialect> dialect_table() {
    return kDialects;
}

Result<Ask> read_ask(
    const http::Request& request, const UrlRules& rules, const EdgeSigner& signer, TimePoint now
) {
    Ask ask;
    const std::string& text = request.params.at("options");
    // What is malformed is told before what is forbidden.
    HintedOptions options{text, {}};
    if (rules.client_hints)
        options = with_client_hints(text, request.fields, kHintedDensities.back());
    const auto preset = rules.presets.find(text);
    if (!preset) CHECK_OK(parse_transform(options.text));
    TRY(const SignedFor by, signer.verify(request.path, request.query, now));
    ask.is_signed = by != SignedFor::kNothing;
    ask.opens_private = ask.is_signed;
    ask.vary = options.vary;
    if (preset) {
        TRY(ask.transform, opened(*preset, by, rules.presets, rules.openness));
    } else if (ask.vary.empty()) {
        TRY(ask.transform, parse_transform(text));
        TRY(ask.transform, opened(ask.transform, by, rules.presets, rules.openness));
    } else {
        TRY(ask.transform, hinted(text, request.fields, by, rules));
    }
    ask.id = ImageId{request.params.at("image_id")};
    if (!is_uuid_v7(ask.id.value)) return fail(Errc::kNotFound, "no such picture");
    finish(ask);
    return ask;
}

Result<Ask> read_dialect_ask(
    const http::Request& request,
    const Dialect& dialect,
    const UrlRules& rules,
    const EdgeSigner& signer,
    TimePoint now
) {
    // A path of another beginning does not come here: the router has matched it.
    const auto rest = request.path.substr(dialect.prefix.size());
    const dialects::Settings settings{rules.presets, rules.imgproxy_keys};
    TRY(dialects::Asked asked, dialect.read(rest, request.query, settings));
    SignedFor by = asked.is_signed ? SignedFor::kUrl : SignedFor::kNothing;
    if (!asked.is_signed) {
        TRY(by, signer.verify(request.path, request.query, now));
    }
    const bool has_ended =
        asked.expires_at_s && now.time_since_epoch() > std::chrono::seconds(*asked.expires_at_s);
    if (has_ended) return fail(Errc::kNotFound, "the URL has expired");
    Ask ask;
    ask.id = std::move(asked.id);
    ask.is_signed = by != SignedFor::kNothing;
    // Ours were asked for their end by the signer.
    ask.opens_private =
        ask.is_signed && (!asked.is_signed || asked.expires_at_s || signer.rules().may_be_endless);
    ask.keeps_format = asked.keeps_format;
    TRY(ask.transform, opened(asked.transform, by, rules.presets, rules.openness));
    finish(ask);
    return ask;
}

void settle_format(Ask& ask, const UrlRules& rules, const http::Fields& fields, bool has_alpha) {
    if (!ask.by_accept) return;
    // RFC 9110 section 5.3: several lines are one list.
    std::string accept;
    for (const auto& [name, value] : fields) {
        if (equal_ignoring_case(name, "Accept")) accept.append(value).append(",");
    }
    const AutoFormats formats =
        ask.keeps_format ? AutoFormats{.webp = false, .avif = false} : rules.auto_formats;
    const auto format = negotiate(accept, has_alpha, formats, ask.transform.animate);
    ask.transform = in_format(ask.transform, format);
}

}  // namespace pixgate::edge
