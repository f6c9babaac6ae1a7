#include "flow/picture_head.h"

#include <fmt/format.h>

#include "base/crypto.h"
#include "base/encoding.h"

namespace pixgate {

std::string cache_control_of(const PublicCaching& caching) {
    auto out = fmt::format("public, max-age={}", caching.max_age_seconds);
    if (caching.stale_while_revalidate_seconds > 0)
        out += fmt::format(", stale-while-revalidate={}", caching.stale_while_revalidate_seconds);
    if (caching.stale_if_error_seconds > 0)
        out += fmt::format(", stale-if-error={}", caching.stale_if_error_seconds);
    return out;
}

std::string hit_head_of(
    const DeliveredVariant& v, const ImageId& id, const PublicCaching& caching, bool by_accept
) {
    std::string tag;
    if (!caching.tag_field.empty()) tag = caching.tag_field + ": " + id.value + "\r\n";
    return fmt::format(
        "HTTP/1.1 200 OK\r\n"
        "Content-Type: {}\r\n"
        "Content-Length: {}\r\n"
        "ETag: {}\r\n"
        "Cache-Control: {}\r\n"
        "Cache-Status: pixgate; hit; ttl={}\r\n"
        "Accept-Ranges: bytes\r\n"
        "{}{}"
        "X-Content-Type-Options: nosniff\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; sandbox\r\n"
        "Cross-Origin-Resource-Policy: cross-origin\r\n"
        "Access-Control-Allow-Origin: *\r\n"
        "Timing-Allow-Origin: *\r\n",
        v.content_type, v.body->size(), v.etag, cache_control_of(caching), caching.max_age_seconds,
        by_accept ? "Vary: Accept\r\n" : "", tag
    );
}

DeliveredPtr wrap_variant(
    std::string bytes, const ImageId& id, OutputFormat format, const PublicCaching& caching
) {
    auto v = std::make_shared<DeliveredVariant>();
    v->etag = '"' + hex_encode(sha256(as_bytes(bytes))).substr(0, 32) + '"';
    v->content_type = content_type_of(format);
    v->body = std::make_shared<const std::string>(std::move(bytes));
    v->head = std::make_shared<const std::string>(hit_head_of(*v, id, caching, false));
    v->head_by_accept = std::make_shared<const std::string>(hit_head_of(*v, id, caching, true));
    return v;
}

}  // namespace pixgate
