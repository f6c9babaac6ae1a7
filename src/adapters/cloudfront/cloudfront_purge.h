// Invalidates what CloudFront keeps of an image: CreateInvalidation of the API of 2020-05-31.
// Source: docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateInvalidation.html
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ports/purge.h"

namespace pixgate {

struct CloudFrontConfig {
    std::string distribution_id{};
    std::string access_key_id{};
    std::string secret{};
    std::string session_token{};
    // Of one image, with {id} for its id; `*` only as the last character. Everything is what begins
    // as they do before {id}.
    std::vector<std::string> paths{"/i/{id}/*"};
    std::string endpoint = "https://cloudfront.amazonaws.com";
};

// kInvalidArgument (the setting as reason): a path or an id that CloudFront would not take.
Result<std::unique_ptr<PurgeTarget>> make_cloudfront_purge(
    CloudFrontConfig config, const Clock& clock
);

}  // namespace pixgate
