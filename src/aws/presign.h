// Presigned URLs of S3: a permission for one request, which a browser carries out without knowing a
// secret. A presigned PUT binds exact length, type, "must not exist yet" and, when given, the
// SHA-256. Pure code; about 2 KB of memory a call.
// Source: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/sigv4.h"
#include "base/clock.h"
#include "core/upload.h"

namespace pixgate::aws {

struct PresignConfig {
    std::string endpoint;  // "http://127.0.0.1:9000" or "https://s3.eu-west-1.amazonaws.com"
    std::string region = "us-east-1";
    std::string access_key_id;
    std::string secret;
    std::string session_token;  // of temporary credentials; empty: none
    bool path_style = true;     // false: the bucket is the first label of the host
};

struct PresignPut {
    std::string_view bucket;
    std::string_view key;  // plain text, not encoded
    std::uint64_t size_bytes = 0;
    std::string_view content_type;
    std::string_view checksum_sha256 = {};  // base64; empty: not bound
    std::chrono::seconds lifetime{300};
};

// Safe from any thread.
class Presigner {
public:
    // config.endpoint without a trailing slash.
    Presigner(PresignConfig config, const Clock& clock);

    // lifetime: 1 s to 7 days; longer is cut. Content-Length is bound, too, but not among the
    // answer's headers: whoever sends a body of the right size sends it, and scripts may not set
    // it.
    PresignedRequest put(const PresignPut& request) const;
    PresignedRequest get(
        std::string_view bucket, std::string_view key, std::chrono::seconds lifetime
    ) const;

private:
    struct Draft;
    PresignedRequest sign(const Draft& draft) const;

    PresignConfig config_;
    std::string host_;            // with port, as it goes over the wire
    std::string encoded_key_id_;  // for X-Amz-Credential
    const Clock& clock_;
    mutable SigningKeys keys_;
};

}  // namespace pixgate::aws
