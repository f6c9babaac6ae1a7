// Names of buckets. Source: S3 user guide, "General purpose bucket naming rules".
#pragma once

#include <string_view>

namespace pixgate {

inline constexpr std::string_view kOriginalsBucket = "pixgate-originals";  // raises events
inline constexpr std::string_view kVariantsBucket = "pixgate-variants";    // raises none: no loops

// 3..63 of a-z 0-9 . -, starting and ending with a letter or digit, no "..", not like an IPv4
// address.
bool is_bucket_name(std::string_view name);

}  // namespace pixgate
