// Signs a request of ours to an AWS service other than S3 (header form of Signature Version 4).
// Pure code. Source:
// docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/sigv4.h"

namespace pixgate::aws {

struct ServiceKey {
    std::string access_key_id;
    std::string secret;
    std::string session_token;  // of temporary credentials; empty: none
    std::string region = "us-east-1";
    std::string service;  // "cloudfront"
};

struct UnsignedRequest {
    std::string_view method;
    std::string_view host;  // as it goes over the wire, with a port that is not the default
    std::string_view path;  // decoded, without query
    std::string_view body;
};

// The fields to send with it: X-Amz-Date, X-Amz-Security-Token where there is a token, and
// Authorization.
std::vector<std::pair<std::string, std::string>> sign_request(
    const UnsignedRequest& request, const ServiceKey& key, TimePoint now
);

}  // namespace pixgate::aws
