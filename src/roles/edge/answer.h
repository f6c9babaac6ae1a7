// What the edge answers with: a picture, a refusal, or that the picture is not there yet. For
// roles/edge only.
#pragma once

#include "core/policy.h"
#include "flow/deliver_image.h"
#include "flow/picture_head.h"
#include "http/message.h"
#include "roles/edge/ask.h"

namespace pixgate::edge {

struct CacheRule {
    bool is_private = true;
    PublicCaching caching{};
    bool is_usual = true;  // `caching` is what DeliveredVariant's heads say
};

// 200, 206, 304, 412 or 416. Says in Cache-Status (RFC 9211) where it came from.
http::Response answer_picture(
    const http::Request& request,
    const Delivery& delivery,
    const FoundImage& found,
    const Ask& ask,
    const CacheRule& rule
);

// The 304 of a hit.
http::Response answer_unchanged(const DeliveredVariant& variant, const Ask& ask, CacheRule rule);
// True where a hit's answer to this may have a head that is made beforehand.
bool has_prebuilt_head(const Ask& ask);
http::SharedBody prebuilt_head(
    const DeliveredVariant& variant, const Ask& ask, const CacheRule& rule
);

// Kept by no cache: the picture may be ready a moment later.
http::Response answer_refusal(const http::Request& request, const Error& error);

// By policy: 202 with Retry-After, or a grey picture of the size asked for. Kept by no cache.
// kAbsent is not for here.
http::Response answer_pending(const Ask& ask, WhilePending policy);

}  // namespace pixgate::edge
