// PUT /{bucket}/{key}  ->  200, ETag: "md5"
// Source: docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "http/head_parser.h"
#include "roles/store/body_claims.h"
#include "roles/store/operations.h"

namespace pixgate::store {

namespace {

using aws::S3Code;

constexpr std::size_t kMaxMetadataBytes = 2048;  // S3's limit: names and values together
constexpr std::string_view kMetaPrefix = "x-amz-meta-";

constexpr std::string_view kCacheControl = "cache-control";
// Kept with the object and sent back with it.
constexpr std::array<std::string_view, 5> kKeptHeaders{
    kCacheControl, "content-disposition", "content-encoding", "content-language", "expires"
};

aws::S3Result<void> read_metadata(const Call& call, PutOptions& options) {
    std::size_t bytes = 0;
    for (const auto& [name, value] : call.amz_values()) {
        if (!name.starts_with(kMetaPrefix)) continue;
        auto short_name = name.substr(kMetaPrefix.size());
        // From a presigned query they come decoded; as headers of the answer they would not go out.
        if (!http::is_token(short_name) || !http::is_field_text(value)) {
            return aws::s3_fail(S3Code::kInvalidArgument, "Metadata goes into header fields.");
        }
        bytes += short_name.size() + value.size();
        options.metadata.emplace(std::move(short_name), value);
    }
    if (bytes <= kMaxMetadataBytes) return {};
    aws::S3Error error(S3Code::kMetadataTooLarge);
    error.with("Size", std::to_string(bytes));
    return std::unexpected(error.with("MaxSizeAllowed", std::to_string(kMaxMetadataBytes)));
}

aws::S3Result<void> read_preconditions(const Call& call, PutOptions& options) {
    if (const auto none = call.header("If-None-Match"); none.data() != nullptr) {
        if (none != "*") {
            return std::unexpected(
                aws::S3Error(S3Code::kNotImplemented).with("Header", "If-None-Match")
            );
        }
        options.if_none_match = true;
    }
    if (const auto match = call.header("If-Match"); match.data() != nullptr) {
        std::string etag(match);
        std::erase(etag, '"');
        if (etag.empty() || etag.size() > 64 || options.if_none_match) {
            return aws::s3_fail(S3Code::kInvalidArgument, "If-Match must be one ETag.");
        }
        options.if_match = std::move(etag);
    }
    return {};
}

// True where the signature covers the field, so that whoever signed decided on it.
bool is_bound(const Call& call, std::string_view name) {
    if (call.verified.kind != aws::AuthKind::kPresigned) return true;
    return std::ranges::find(call.verified.signed_headers, name) !=
           call.verified.signed_headers.end();
}

// Whoever holds a presigned URL does not decide how others will see the object: what is kept with
// it was signed with it. S3 takes these fields unsigned. Content-Type stays as in S3: clients that
// presign without a type send one all the same. Cache-Control is not refused but left out: browsers
// add "no-cache" by themselves to a request with If-None-Match (Fetch, "HTTP-network-or-cache
// fetch").
aws::S3Result<void> check_kept_headers_are_signed(const Call& call) {
    std::string unsigned_names;
    for (const auto name : kKeptHeaders) {
        if (name == kCacheControl || !call.request.fields.has(name) || is_bound(call, name))
            continue;
        if (!unsigned_names.empty()) unsigned_names += ", ";
        unsigned_names += name;
    }
    if (unsigned_names.empty()) return {};
    aws::S3Error error(
        S3Code::kAccessDenied, "There were headers present in the request which were not signed"
    );
    return std::unexpected(error.with("HeadersNotSigned", unsigned_names));
}

aws::S3Result<PutOptions> read_options(const Call& call) {
    CHECK_OK(check_kept_headers_are_signed(call));
    PutOptions options;
    if (const auto type = call.header("Content-Type"); !type.empty()) options.content_type = type;
    for (const auto name : kKeptHeaders) {
        if (const auto value = call.header(name); !value.empty() && is_bound(call, name)) {
            options.headers.emplace(name, value);
        }
    }
    CHECK_OK(read_metadata(call, options));
    CHECK_OK(read_preconditions(call, options));
    options.request_id = call.request.id;
    const auto& peer = call.request.peer;
    options.source_ip = peer.substr(0, peer.rfind(':'));
    return options;
}

aws::S3Error put_error(
    const Error& error, const Call& call, const PutOptions& options, const BodyClaims& claims
) {
    if (error.code == Errc::kNotFound && !options.if_match) {
        return aws::S3Error(S3Code::kNoSuchBucket).with("BucketName", call.bucket);
    }
    if (error.code == Errc::kFailedPrecondition) {
        return aws::S3Error(S3Code::kPreconditionFailed)
            .with("Condition", options.if_none_match ? "If-None-Match" : "If-Match");
    }
    if (error.code == Errc::kAlreadyExists) {
        return aws::S3Error(S3Code::kConditionalRequestConflict);
    }
    return body_error(error, call, claims);
}

}  // namespace

Task<S3Response> put_object(Store& store, Call& call) {
    CO_CHECK(check_amz_headers(
        call, {"x-amz-acl", "x-amz-storage-class", "x-amz-meta-*", "x-amz-checksum-*",
               "x-amz-sdk-checksum-algorithm"}
    ));
    CO_CHECK(check_private_and_standard(call));
    CO_TRY(auto options, read_options(call));
    CO_TRY(const auto claims, read_body_claims(store, call));
    options.checks = claims.checks;
    const auto put = co_await store.objects.put(call.bucket, call.key, *call.request.body, options);
    if (!put) co_return std::unexpected(put_error(put.error(), call, options, claims));
    http::Response response(200);
    response.set("ETag", '"' + put->etag + '"');
    if (!claims.checksum.first.empty()) {
        response.set(claims.checksum.first, claims.checksum.second);
        response.set("x-amz-checksum-type", "FULL_OBJECT");
    }
    co_return response;
}

}  // namespace pixgate::store
