// S3's errors: code, status, words and extra elements, and their XML. Shared by the embedded store,
// which sends them, and by whoever reads them. The one table between Errc and S3 codes is here.
// Source: docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace pixgate::aws {

enum class S3Code : std::uint8_t {
    kAccessControlListNotSupported,
    kAccessDenied,
    kAccessForbidden,
    kAuthorizationHeaderMalformed,
    kAuthorizationQueryParametersError,
    kBadDigest,
    kBadRequest,
    kBucketAlreadyExists,
    kBucketAlreadyOwnedByYou,
    kBucketNotEmpty,
    kConditionalRequestConflict,
    kEntityTooLarge,
    kExpiredToken,
    kIllegalLocationConstraint,
    kIncompleteBody,
    kInsufficientStorage,  // not AWS's: the disk under the embedded store is full
    kInternalError,
    kInvalidAccessKeyId,
    kInvalidArgument,
    kInvalidBucketName,
    kInvalidDigest,
    kInvalidRange,
    kInvalidRequest,
    kInvalidStorageClass,
    kInvalidToken,
    kInvalidUri,
    kKeyTooLong,
    kMalformedXml,
    kMetadataTooLarge,
    kMethodNotAllowed,
    kMissingContentLength,
    kNoSuchBucket,
    kNoSuchKey,
    kNotImplemented,
    kOperationAborted,
    kPreconditionFailed,
    kRequestTimeTooSkewed,
    kRequestTimeout,
    kServiceUnavailable,
    kSignatureDoesNotMatch,
    kSlowDown,
    kXAmzContentSha256Mismatch,
};

struct S3ErrorInfo {
    S3Code code;
    unsigned status;
    std::string_view name;     // "NoSuchKey"
    std::string_view message;  // AWS's words, for a person
};
const S3ErrorInfo& info_of(S3Code code);

struct S3Error {
    S3Code code = S3Code::kInternalError;
    std::string message;  // empty: the table's
    // <Key>, <Region>, <HeadersNotSigned> … after the message, in this order.
    std::vector<std::pair<std::string, std::string>> elements;

    S3Error() = default;
    explicit S3Error(S3Code c, std::string m = {}) : code(c), message(std::move(m)) {}
    S3Error& with(std::string name, std::string value) {
        elements.emplace_back(std::move(name), std::move(value));
        return *this;
    }
    unsigned status() const { return info_of(code).status; }
    std::string_view name() const { return info_of(code).name; }
};

template <class T>
using S3Result = std::expected<T, S3Error>;

// return s3_fail(S3Code::kNoSuchKey);
inline std::unexpected<S3Error> s3_fail(S3Code code, std::string message = {}) {
    return std::unexpected(S3Error(code, std::move(message)));
}

// What S3 says for one of our errors. The operator's message stays with us: clients get the table's
// words, never a path or an SQL text.
S3Error s3_error_from(const Error& error);

// <Error><Code/><Message/>…<Resource/><RequestId/><HostId/></Error>, without a namespace as AWS
// sends it.
std::string render_error(
    const S3Error& error,
    std::string_view resource,
    std::string_view request_id,
    std::string_view host_id
);

}  // namespace pixgate::aws
