// What answers with public pictures say to caches, and the heads that are made once for a variant
// in memory. Used by flow/deliver_image and roles/edge, so that both say the same.
#pragma once

#include <string>

#include "core/image.h"
#include "core/transform.h"
#include "flow/variant_cache.h"

namespace pixgate {

struct PublicCaching {
    std::uint32_t max_age_seconds = 86'400;
    std::uint32_t stale_while_revalidate_seconds = 86'400;  // 0: not at all; so the next
    std::uint32_t stale_if_error_seconds = 86'400;
    std::string tag_field{};  // names the image, for purges by tag; empty: none
};

std::string cache_control_of(const PublicCaching& caching);

// The head of a 200 for a hit of that image (http::Response::prebuilt_head).
std::string hit_head_of(
    const DeliveredVariant& variant, const ImageId& id, const PublicCaching& caching, bool by_accept
);

DeliveredPtr wrap_variant(
    std::string bytes, const ImageId& id, OutputFormat format, const PublicCaching& caching
);

}  // namespace pixgate
