// The signature vectors of tests/golden/sigv4: published by AWS or made with boto3 and the AWS SDK
// for JavaScript. Requests that must be taken and changes that must be refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/sigv4.h"
#include "http/message.h"

namespace pixgate::testing {

inline constexpr std::string_view kExampleKeyId = "AKIAIOSFODNN7EXAMPLE";
inline constexpr std::string_view kExampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

struct SignedVector {
    std::string id;
    TimePoint at;
    std::string region, service, session_token;
    std::string method, path, query;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body, body_sha256;
    std::string canonical_request, string_to_sign, signature, signing_key;

    http::Fields fields() const;  // views into this
    void set_header(std::string_view name, std::string value);
    void remove_header(std::string_view name);
    std::string header(std::string_view name) const;
    void set_target(std::string_view target);
    std::string target() const { return query.empty() ? path : path + '?' + query; }
};

struct RefusalVector {
    std::string id;
    SignedVector request;        // with the change made
    bool is_about_body = false;  // the head is right; the body is not what it claims
    unsigned status = 0;
    std::string code, message;
};

const std::vector<SignedVector>& signed_vectors();
const SignedVector& signed_vector(std::string_view id);
const std::vector<RefusalVector>& refusal_vectors();

// Verifies the vector as a server of its region and service would at `now`.
aws::S3Result<aws::VerifiedRequest> verify_vector(
    const SignedVector& v, TimePoint now, bool allow_streaming = false
);

std::string read_golden(std::string_view name);  // a file of tests/golden

}  // namespace pixgate::testing
