// GET /  ·  PUT /{bucket}  ·  HEAD /{bucket}  ·  GET /{bucket}?location
// Source: docs.aws.amazon.com/AmazonS3/latest/API (ListBuckets, CreateBucket, HeadBucket,
// GetBucketLocation)
#include <algorithm>

#include "aws/s3_xml.h"
#include "aws/xml_reader.h"
#include "core/bucket.h"
#include "roles/store/operations.h"

namespace pixgate::store {

namespace {

using aws::S3Code;

constexpr std::string_view kOwnerId = "pixgate";

// A small body as a whole, held against the hash that was signed.
Task<aws::S3Result<std::string>> read_xml_body(Call& call) {
    auto body = co_await read_all(*call.request.body, aws::kMaxXmlBytes);
    if (!body) {
        if (body.error().code == Errc::kTooLarge) co_return aws::s3_fail(S3Code::kMalformedXml);
        co_return std::unexpected(aws::s3_error_from(body.error()));
    }
    const auto& claimed = call.verified.payload_sha256;
    if (!claimed.empty() && sha256_hex(*body) != claimed) {
        co_return aws::s3_fail(S3Code::kXAmzContentSha256Mismatch);
    }
    co_return *std::move(body);
}

bool is_location(const Store& store, std::string_view location) {
    return location.empty() || location == store.config.region ||
           std::ranges::find(store.config.other_regions, location) !=
               store.config.other_regions.end();
}

}  // namespace

Task<S3Response> list_buckets(Store& store, Call& call) {
    CO_CHECK(check_amz_headers(call, {}));
    const auto all = co_await store.buckets.list();
    if (!all) co_return std::unexpected(aws::s3_error_from(all.error()));
    const auto prefix = call.query("prefix").value_or("");
    std::vector<aws::ListedBucket> shown;
    for (const auto& bucket : *all) {
        if (bucket.name.starts_with(prefix)) shown.push_back({bucket.name, bucket.created_at});
    }
    std::ranges::sort(shown, {}, &aws::ListedBucket::name);
    co_return xml_response(aws::render_buckets(shown, kOwnerId));
}

Task<S3Response> create_bucket(Store& store, Call& call) {
    CO_CHECK(
        check_amz_headers(call, {"x-amz-acl", "x-amz-checksum-*", "x-amz-sdk-checksum-algorithm"})
    );
    CO_CHECK(check_private_and_standard(call));
    CO_TRY(const auto body, co_await read_xml_body(call));
    CO_TRY(const auto location, aws::parse_create_bucket(body));
    if (!is_location(store, location)) {
        co_return aws::s3_fail(S3Code::kIllegalLocationConstraint);
    }
    const auto made = co_await store.buckets.create(call.bucket, false);
    if (!made && made.error().code == Errc::kAlreadyExists) {
        // As in us-east-1: creating what one has already is no error. Elsewhere it is.
        if (store.config.region != "us-east-1") {
            aws::S3Error error(S3Code::kBucketAlreadyOwnedByYou);
            co_return std::unexpected(error.with("BucketName", call.bucket));
        }
    } else if (!made) {
        co_return std::unexpected(aws::s3_error_from(made.error()));
    }
    http::Response response(200);
    response.set("Location", '/' + call.bucket);
    co_return response;
}

Task<S3Response> head_bucket(Store& store, Call& call) {
    CO_CHECK(check_amz_headers(call, {}));
    const auto found = co_await store.buckets.find(call.bucket);
    if (!found) co_return std::unexpected(object_error(found.error(), call));
    http::Response response(200);
    response.set("x-amz-bucket-region", store.config.region);
    co_return response;
}

Task<S3Response> get_bucket_location(Store& store, Call& call) {
    CO_CHECK(check_amz_headers(call, {}));
    const auto found = co_await store.buckets.find(call.bucket);
    if (!found) co_return std::unexpected(object_error(found.error(), call));
    co_return xml_response(aws::render_location(store.config.region));
}

}  // namespace pixgate::store
