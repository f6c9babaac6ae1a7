#include "roles/edge/answer.h"

#include <fmt/format.h>

#include "http/conditional.h"
#include "roles/status.h"

namespace pixgate::edge {

namespace {

constexpr std::string_view kPictureOnly = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
constexpr std::string_view kNotKept = "pixgate; fwd=bypass";

std::string cache_status(const Delivery& delivery, const FoundImage& found, const CacheRule& rule) {
    using From = Delivery::From;
    if (delivery.from == From::kMemory) {
        if (found.stale_for.count() == 0)
            return fmt::format("pixgate; hit; ttl={}", rule.caching.max_age_seconds);
        return fmt::format(
            "pixgate; hit; ttl=-{}; detail=stale-{}", found.stale_for.count(),
            found.is_by_error ? "if-error" : "while-revalidate"
        );
    }
    return fmt::format(
        "pixgate; fwd=uri-miss{}{}; detail={}", delivery.is_kept ? "; stored" : "",
        delivery.is_collapsed ? "; collapsed" : "",
        delivery.from == From::kBucket ? "bucket" : "made"
    );
}

void set_common(
    http::Response& r,
    const DeliveredVariant& v,
    const Ask& ask,
    const CacheRule& rule,
    std::string status
) {
    r.set("ETag", v.etag);
    r.set(
        "Cache-Control", rule.is_private ? "private, max-age=300" : cache_control_of(rule.caching)
    );
    r.set("Cache-Status", std::move(status));
    if (!rule.caching.tag_field.empty()) r.set(rule.caching.tag_field, ask.id.value);
    if (!ask.vary.empty()) r.set("Vary", ask.vary);
    if (r.status == 304) return;
    r.set("Content-Type", v.content_type);
    r.set("Accept-Ranges", "bytes");
    r.set("X-Content-Type-Options", "nosniff");
    r.set("Content-Security-Policy", std::string(kPictureOnly));
    r.set("Cross-Origin-Resource-Policy", "cross-origin");
    r.set("Access-Control-Allow-Origin", "*");
    r.set("Timing-Allow-Origin", "*");
    if (rule.is_private) r.set("Referrer-Policy", "no-referrer");
}

}  // namespace

http::Response answer_picture(
    const http::Request& request,
    const Delivery& delivery,
    const FoundImage& found,
    const Ask& ask,
    const CacheRule& rule
) {
    const DeliveredVariant& v = *delivery.variant;
    switch (http::evaluate(request.fields, request.method, true, v.etag, std::nullopt)) {
        case http::Precondition::kNotModified: {
            http::Response r(304);
            set_common(r, v, ask, rule, cache_status(delivery, found, rule));
            return r;
        }
        case http::Precondition::kFailed:
            return answer_refusal(request, Error{Errc::kFailedPrecondition, "precondition", {}});
        case http::Precondition::kProceed:
            break;
    }
    const auto size = v.body->size();
    const auto range = http::resolve_range(request.fields, size, v.etag, std::nullopt);
    if (request.method == "GET" && range.kind == http::RangeKind::kUnsatisfiable) {
        http::Response r(416);
        r.set("Content-Range", fmt::format("bytes */{}", size));
        r.set("Cache-Control", "no-store").set("Cache-Status", std::string(kNotKept));
        return r;
    }
    if (request.method == "GET" && range.kind == http::RangeKind::kPart) {
        http::Response r(206);
        set_common(r, v, ask, rule, cache_status(delivery, found, rule));
        r.set("Content-Range", http::content_range(range.range, size));
        r.body = http::PartBody{v.body, range.range.offset, range.range.length};
        return r;
    }
    http::Response r(200);
    const bool is_plain_hit =
        delivery.from == Delivery::From::kMemory && found.stale_for.count() == 0;
    if (is_plain_hit && has_prebuilt_head(ask) && !rule.is_private) {
        r.prebuilt_head = prebuilt_head(v, ask, rule);
    } else {
        set_common(r, v, ask, rule, cache_status(delivery, found, rule));
    }
    r.body = v.body;
    return r;
}

http::Response answer_unchanged(const DeliveredVariant& variant, const Ask& ask, CacheRule rule) {
    http::Response r(304);
    set_common(r, variant, ask, rule, cache_status({}, {}, rule));
    return r;
}

bool has_prebuilt_head(const Ask& ask) {
    return ask.vary.empty() || ask.vary == "Accept";
}

http::SharedBody prebuilt_head(const DeliveredVariant& v, const Ask& ask, const CacheRule& rule) {
    const bool by_accept = !ask.vary.empty();
    if (rule.is_usual) return by_accept ? v.head_by_accept : v.head;
    return std::make_shared<const std::string>(hit_head_of(v, ask.id, rule.caching, by_accept));
}

http::Response answer_refusal(const http::Request& request, const Error& error) {
    std::optional<unsigned> status;
    if (error.code == Errc::kUnsupportedMedia) status = 422;
    auto response = problem_response(error, request.id, status);
    response.set("Access-Control-Allow-Origin", "*");
    response.set("Cache-Status", std::string(kNotKept));
    return response;
}

// Nothing of the bytes that were sent is shown before they were looked at, so it is a picture of
// our own, drawn from the size that was asked for.
http::Response answer_pending(const Ask& ask, WhilePending policy) {
    http::Response r(202);
    if (policy == WhilePending::kPlaceholder) {
        std::uint32_t width = ask.transform.width_px;
        std::uint32_t height = ask.transform.height_px;
        if (width == 0 && height == 0) width = 4;
        if (width == 0) width = std::max(1U, height * 4 / 3);
        if (height == 0) height = std::max(1U, width * 3 / 4);
        r = http::text_response(
            200, "image/svg+xml",
            fmt::format(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\">"
                "<rect width=\"{0}\" height=\"{1}\" fill=\"#d4d4d4\"/></svg>",
                width, height
            )
        );
        r.set("Content-Security-Policy", std::string(kPictureOnly));
        r.set("Cross-Origin-Resource-Policy", "cross-origin");
    } else {
        r = http::text_response(202, "application/json", R"({"state":"pending"})");
    }
    r.set("X-Content-Type-Options", "nosniff");
    r.set("Access-Control-Allow-Origin", "*");
    r.set("Cache-Control", "no-store");
    r.set("Cache-Status", std::string(kNotKept) + "; detail=pending");
    r.set("Retry-After", "1");
    return r;
}

}  // namespace pixgate::edge
