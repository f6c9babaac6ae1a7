// What an S3 operation of the store gets and gives. One operation is one file and one line in
// operations.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "aws/s3_errors.h"
#include "aws/sigv4.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/task.h"
#include "http/message.h"
#include "ports/object_store.h"
#include "roles/store/store_config.h"

namespace pixgate::store {

// What all operations share; lives as long as the handler.
struct Store {
    ObjectStore& objects;
    Buckets& buckets;
    const Clock& clock;
    StoreConfig config;
    Sha256 list_token_key{};
};

// One request whose signature was found right.
struct Call {
    http::Request& request;
    aws::VerifiedRequest verified;
    std::string bucket;  // decoded; empty for the service
    std::string key;     // decoded, never normalised; empty for a bucket

    // Decoded query parameter; nullopt where absent.
    std::optional<std::string_view> query(std::string_view name) const;
    // Header, or empty.
    std::string_view header(std::string_view name) const { return request.fields.get(name); }
    // An x-amz-* value: the header or, in presigned requests, the query parameter that SDKs for
    // JavaScript make of it. nullopt where absent.
    std::optional<std::string> amz(std::string_view name) const;
    // All x-amz-* names there are, lower case, with their values; without those that authenticate.
    std::map<std::string, std::string> amz_values() const;
};

using S3Response = aws::S3Result<http::Response>;
using Operation = Task<S3Response> (*)(Store&, Call&);

// Refuses every x-amz-* header that the operation does not know: none is ever ignored. Names end in
// '*' for a prefix.
aws::S3Result<void> check_amz_headers(
    const Call& call, std::initializer_list<std::string_view> known
);
// x-amz-acl: private or absent, storage class STANDARD or absent.
aws::S3Result<void> check_private_and_standard(const Call& call);

// The S3 error of a port's error, with <Key> or <BucketName>.
aws::S3Error object_error(const Error& error, const Call& call);

http::Response xml_response(std::string body);

}  // namespace pixgate::store
