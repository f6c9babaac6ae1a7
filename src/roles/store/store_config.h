// Settings of the embedded store's S3 face. Filled by main from the configuration.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace pixgate::store {

struct CorsRules {
    // "https://app.example" exactly as browsers send it, or "*"; empty: no page may use the store.
    std::vector<std::string> allowed_origins;
    std::chrono::seconds max_age{7200};  // Chromium keeps a preflight no longer
};

struct StoreConfig {
    std::string region = "us-east-1";
    // Regions that clients may sign for, beside the own one: s3cmd lists buckets for "US", Uppy
    // signs for "auto".
    std::vector<std::string> other_regions{"us-east-1", "US", "auto"};
    CorsRules cors;
    std::uint64_t max_object_bytes = 5ULL << 30;  // S3's limit for one PUT
    // Header-signed requests without a body hash (rclone): only where the line is trusted.
    bool allow_unsigned_payload = false;
    // Key of the continuation tokens' MAC. The same over restarts lets a listing go on; empty:
    // random.
    std::string list_token_secret;
    std::string host_id = "pixgate-store";  // x-amz-id-2
};

}  // namespace pixgate::store
