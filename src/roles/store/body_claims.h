// What a PUT claims about its body: length, Content-MD5, x-amz-content-sha256 and one
// x-amz-checksum-*, in the form the ObjectStore port checks while it writes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "roles/store/operation.h"

namespace pixgate::store {

struct BodyClaims {
    BodyChecks checks;
    // Sent back as it came: "x-amz-checksum-crc32", "NhCmhg==". Empty where there was none.
    std::pair<std::string, std::string> checksum;
};

//   errors  MissingContentLength, EntityTooLarge, InvalidDigest, InvalidRequest, BadDigest (two
//           claims that cannot both be right)
aws::S3Result<BodyClaims> read_body_claims(const Store& store, const Call& call);

// The S3 error where the port found a claim wrong or the body ended early.
aws::S3Error body_error(const Error& error, const Call& call, const BodyClaims& claims);

}  // namespace pixgate::store
