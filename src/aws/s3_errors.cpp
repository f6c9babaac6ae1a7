#include "aws/s3_errors.h"

#include <array>

#include "aws/xml_writer.h"

namespace pixgate::aws {

namespace {

using enum S3Code;

// In the order of the enum: info_of() indexes it, and a test walks it.
constexpr std::array kTable{
    S3ErrorInfo{
        kAccessControlListNotSupported, 400, "AccessControlListNotSupported",
        "The bucket does not allow ACLs."
    },
    S3ErrorInfo{kAccessDenied, 403, "AccessDenied", "Access Denied."},
    S3ErrorInfo{
        kAccessForbidden, 403, "AccessForbidden", "CORSResponse: This CORS request is not allowed."
    },
    S3ErrorInfo{
        kAuthorizationHeaderMalformed, 400, "AuthorizationHeaderMalformed",
        "The authorization header that you provided is not valid."
    },
    S3ErrorInfo{
        kAuthorizationQueryParametersError, 400, "AuthorizationQueryParametersError",
        "The authorization query parameters that you provided are not valid."
    },
    S3ErrorInfo{
        kBadDigest, 400, "BadDigest",
        "The checksum that you specified did not match what the server computed."
    },
    S3ErrorInfo{kBadRequest, 400, "BadRequest", "The request is not valid."},
    S3ErrorInfo{
        kBucketAlreadyExists, 409, "BucketAlreadyExists",
        "The requested bucket name is not available."
    },
    S3ErrorInfo{
        kBucketAlreadyOwnedByYou, 409, "BucketAlreadyOwnedByYou",
        "The bucket that you tried to create already exists, and you own it."
    },
    S3ErrorInfo{
        kBucketNotEmpty, 409, "BucketNotEmpty", "The bucket that you tried to delete is not empty."
    },
    S3ErrorInfo{
        kConditionalRequestConflict, 409, "ConditionalRequestConflict",
        "Another write to this key was in progress. Try again."
    },
    S3ErrorInfo{
        kEntityTooLarge, 400, "EntityTooLarge",
        "Your proposed upload exceeds the maximum allowed object size."
    },
    S3ErrorInfo{kExpiredToken, 400, "ExpiredToken", "The provided token has expired."},
    S3ErrorInfo{
        kIllegalLocationConstraint, 400, "IllegalLocationConstraintException",
        "The location constraint is not this server's region."
    },
    S3ErrorInfo{
        kIncompleteBody, 400, "IncompleteBody",
        "You did not provide the number of bytes specified by the Content-Length HTTP header."
    },
    S3ErrorInfo{
        kInsufficientStorage, 507, "InsufficientStorage",
        "The store has no space left. Try again later."
    },
    S3ErrorInfo{kInternalError, 500, "InternalError", "An internal error occurred. Try again."},
    S3ErrorInfo{
        kInvalidAccessKeyId, 403, "InvalidAccessKeyId",
        "The access key ID that you provided does not exist in our records."
    },
    S3ErrorInfo{kInvalidArgument, 400, "InvalidArgument", "Invalid argument."},
    S3ErrorInfo{kInvalidBucketName, 400, "InvalidBucketName", "The bucket name is not valid."},
    S3ErrorInfo{
        kInvalidDigest, 400, "InvalidDigest", "The Content-MD5 you specified is not valid."
    },
    S3ErrorInfo{kInvalidRange, 416, "InvalidRange", "The requested range is not satisfiable."},
    S3ErrorInfo{kInvalidRequest, 400, "InvalidRequest", "The request is not valid."},
    S3ErrorInfo{
        kInvalidStorageClass, 400, "InvalidStorageClass",
        "The storage class that you specified is not valid."
    },
    S3ErrorInfo{kInvalidToken, 400, "InvalidToken", "The provided token is malformed or invalid."},
    S3ErrorInfo{kInvalidUri, 400, "InvalidURI", "The specified URI could not be parsed."},
    S3ErrorInfo{kKeyTooLong, 400, "KeyTooLongError", "Your key is too long."},
    S3ErrorInfo{
        kMalformedXml, 400, "MalformedXML",
        "The XML that you provided was not well formed or did not validate."
    },
    S3ErrorInfo{
        kMetadataTooLarge, 400, "MetadataTooLarge",
        "Your metadata headers exceed the maximum allowed metadata size."
    },
    S3ErrorInfo{
        kMethodNotAllowed, 405, "MethodNotAllowed",
        "The specified method is not allowed against this resource."
    },
    S3ErrorInfo{
        kMissingContentLength, 411, "MissingContentLength",
        "You must provide the Content-Length HTTP header."
    },
    S3ErrorInfo{kNoSuchBucket, 404, "NoSuchBucket", "The specified bucket does not exist."},
    S3ErrorInfo{kNoSuchKey, 404, "NoSuchKey", "The specified key does not exist."},
    S3ErrorInfo{
        kNotImplemented, 501, "NotImplemented",
        "A header or query you provided implies functionality that is not implemented."
    },
    S3ErrorInfo{
        kOperationAborted, 409, "OperationAborted",
        "A conflicting operation is in progress. Try again."
    },
    S3ErrorInfo{
        kPreconditionFailed, 412, "PreconditionFailed",
        "At least one of the preconditions you specified did not hold."
    },
    S3ErrorInfo{
        kRequestTimeTooSkewed, 403, "RequestTimeTooSkewed",
        "The difference between the request time and the server's time is too large."
    },
    S3ErrorInfo{
        kRequestTimeout, 400, "RequestTimeout",
        "Your socket connection to the server was not read from or written to in time."
    },
    S3ErrorInfo{
        kServiceUnavailable, 503, "ServiceUnavailable",
        "The service is unable to handle the request now. Try again."
    },
    S3ErrorInfo{
        kSignatureDoesNotMatch, 403, "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided."
    },
    S3ErrorInfo{kSlowDown, 503, "SlowDown", "Reduce your request rate."},
    S3ErrorInfo{
        kXAmzContentSha256Mismatch, 400, "XAmzContentSHA256Mismatch",
        "The provided 'x-amz-content-sha256' header does not match what was computed."
    },
};

S3Code code_for(Errc code) {
    switch (code) {
        case Errc::kInvalidArgument:
        case Errc::kUnsupportedMedia:
            return kInvalidArgument;
        case Errc::kUnauthenticated:
            return kSignatureDoesNotMatch;
        case Errc::kPermissionDenied:
            return kAccessDenied;
        case Errc::kNotFound:
            return kNoSuchKey;
        case Errc::kAlreadyExists:
            return kOperationAborted;
        case Errc::kFailedPrecondition:
            return kPreconditionFailed;
        case Errc::kTooLarge:
            return kEntityTooLarge;
        case Errc::kCorrupt:
            return kBadDigest;
        case Errc::kOverloaded:
            return kSlowDown;
        case Errc::kUnavailable:
        case Errc::kReadOnly:
            return kServiceUnavailable;
        case Errc::kDeadlineExceeded:
            return kRequestTimeout;
        case Errc::kNoSpace:
            return kInsufficientStorage;
        case Errc::kCancelled:
        case Errc::kCrashed:
        case Errc::kInternal:
            return kInternalError;
    }
    return kInternalError;
}

}  // namespace

const S3ErrorInfo& info_of(S3Code code) {
    return kTable[static_cast<std::size_t>(code)];
}

S3Error s3_error_from(const Error& error) {
    return S3Error(code_for(error.code));
}

std::string render_error(
    const S3Error& error,
    std::string_view resource,
    std::string_view request_id,
    std::string_view host_id
) {
    XmlWriter xml("Error", {});
    xml.element("Code", error.name());
    xml.element("Message", error.message.empty() ? info_of(error.code).message : error.message);
    for (const auto& [name, value] : error.elements) xml.element(name, value);
    xml.element("Resource", resource);
    xml.element("RequestId", request_id).element("HostId", host_id);
    return xml.finish();
}

}  // namespace pixgate::aws
