// Makes presigned requests on the object store. Adapter: adapters/s3/upload_signer (SigV4), for the
// embedded store and for S3 alike. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "core/upload.h"

namespace pixgate {

struct PutTarget {
    std::string bucket;
    std::string key;
    std::string content_type;
    std::uint64_t size_bytes = 0;
    std::optional<std::string> checksum_sha256;  // base64
};

class UploadSigner {
public:
    virtual ~UploadSigner() = default;

    // A PUT that the store takes only with exactly this length, type, checksum (when given) and
    // only where nothing is stored yet (If-None-Match: *). `headers` of the answer are what the
    // sender must send; Content-Length is signed but not listed, the HTTP client sets it.
    virtual Result<PresignedRequest> sign_put(
        const PutTarget& target, std::chrono::seconds lifetime
    ) = 0;
    virtual Result<PresignedRequest> sign_get(
        std::string bucket, std::string key, std::chrono::seconds lifetime
    ) = 0;
    // Plain URL of an object, "http://127.0.0.1:9000/bucket/key", for the catalog.
    virtual std::string object_url(std::string_view bucket, std::string_view key) const = 0;
};

}  // namespace pixgate
