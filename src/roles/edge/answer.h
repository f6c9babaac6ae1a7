// What the edge answers with: a picture, a refusal, or that the picture is not there yet. For
// roles/edge only.
#pragma once

#include "core/policy.h"
#include "flow/deliver_image.h"
#include "http/message.h"
#include "roles/edge/ask.h"

namespace pixgate::edge {

struct CacheRule {
    bool is_private = true;
    std::uint32_t max_age_seconds = 0;
    std::string tag_field{};  // see DeliverImage::Config
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
// True where DeliveredVariant's heads say all that the answer to this has to.
bool has_prebuilt_head(const Ask& ask);

// Kept by no cache: the picture may be ready a moment later.
http::Response answer_refusal(const http::Request& request, const Error& error);

// By policy: 202 with Retry-After, or a grey picture of the size asked for. Kept by no cache.
// kAbsent is not for here.
http::Response answer_pending(const Ask& ask, WhilePending policy);

}  // namespace pixgate::edge
