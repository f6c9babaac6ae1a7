#include "roles/store/store_handler.h"

#include <algorithm>

#include "aws/s3_errors.h"
#include "base/encoding.h"
#include "base/ids.h"
#include "base/log.h"
#include "core/bucket.h"
#include "roles/store/cors.h"
#include "roles/store/operations.h"

namespace pixgate::store {

namespace {

using aws::S3Code;

constexpr std::size_t kMaxKeyBytes = 1024;  // S3's limit

aws::VerifyPolicy policy_of(const StoreConfig& config) {
    aws::VerifyPolicy policy;
    policy.regions = {config.region};
    policy.regions.insert(
        policy.regions.end(), config.other_regions.begin(), config.other_regions.end()
    );
    policy.allow_unsigned_payload = config.allow_unsigned_payload;
    return policy;
}

Sha256 token_key(const StoreConfig& config) {
    Sha256 key{};
    if (config.list_token_secret.empty()) {
        fill_random(key);
        return key;
    }
    return hmac_sha256(as_bytes(config.list_token_secret), as_bytes("pixgate list token"));
}

aws::S3Result<void> check_names(const Call& call) {
    if (!call.bucket.empty() && !is_bucket_name(call.bucket)) {
        return std::unexpected(
            aws::S3Error(S3Code::kInvalidBucketName).with("BucketName", call.bucket)
        );
    }
    if (call.key.size() > kMaxKeyBytes) {
        aws::S3Error error(S3Code::kKeyTooLong);
        error.with("Size", std::to_string(call.key.size()));
        return std::unexpected(error.with("MaxSizeAllowed", std::to_string(kMaxKeyBytes)));
    }
    if (!is_utf8(call.key) || call.key.find('\0') != std::string::npos) {
        return aws::s3_fail(S3Code::kInvalidUri, "The key must be UTF-8 without NUL.");
    }
    return {};
}

Level level_of(const Call& call) {
    if (call.bucket.empty()) return Level::kService;
    return call.key.empty() ? Level::kBucket : Level::kObject;
}

}  // namespace

StoreHandler::StoreHandler(
    ObjectStore& objects,
    Buckets& buckets,
    const aws::CredentialStore& credentials,
    const Clock& clock,
    StoreConfig config
)
    : store_{objects, buckets, clock, std::move(config), {}},
      verifier_(credentials, clock, policy_of(store_.config)) {
    store_.list_token_key = token_key(store_.config);
}

void StoreHandler::allow_origin(std::string origin) {
    store_.config.cors.allowed_origins.push_back(std::move(origin));
}

Task<http::Response> StoreHandler::handle(http::Request& request) {
    auto answered = co_await answer(request);
    auto response = answered ? *std::move(answered) : refuse(request, answered.error());
    add_cors_fields(store_.config.cors, request, response);
    response.set("x-amz-request-id", request.id);
    response.set("x-amz-id-2", store_.config.host_id);
    response.set("Server", "Pixgate");
    co_return response;
}

Task<S3Response> StoreHandler::answer(http::Request& request) {
    if (request.method == "OPTIONS") {
        request.route = "preflight";
        co_return answer_preflight(store_.config.cors, request);
    }
    CO_TRY(auto call, read_call(request));
    CO_TRY(const auto* entry, find_operation(request.method, level_of(call), call.verified));
    request.route = entry->name;
    co_return co_await entry->run(store_, call);
}

aws::S3Result<Call> StoreHandler::read_call(http::Request& request) {
    TRY(auto verified,
        verifier_.verify_request({request.method, request.path, request.query, request.fields}));
    if (!verified.path.starts_with('/')) return aws::s3_fail(S3Code::kInvalidUri);
    const auto slash = verified.path.find('/', 1);
    auto bucket = verified.path.substr(1, slash == std::string::npos ? slash : slash - 1);
    auto key = slash == std::string::npos ? std::string{} : verified.path.substr(slash + 1);
    Call call{request, std::move(verified), std::move(bucket), std::move(key)};
    CHECK_OK(check_names(call));
    return call;
}

http::Response StoreHandler::refuse(const http::Request& request, const aws::S3Error& error) const {
    const bool is_ours = error.status() >= 500 && error.status() != 501;
    (is_ours ? log::warning : log::info)(
        "store refused a request", {{"request_id", request.id},
                                    {"method", request.method},
                                    {"path", request.path},
                                    {"code", error.name()},
                                    {"status", error.status()}}
    );
    http::Response response(error.status());
    if (request.method != "HEAD") {
        response = http::text_response(
            error.status(), "application/xml",
            aws::render_error(error, request.path, request.id, store_.config.host_id)
        );
    }
    if (error.code == S3Code::kInvalidRange) {
        for (const auto& [name, value] : error.elements) {
            if (name == "ActualObjectSize") response.set("Content-Range", "bytes */" + value);
        }
    }
    if (error.code == S3Code::kMethodNotAllowed) {
        response.set("Allow", "GET, HEAD, PUT, POST, DELETE, OPTIONS");
    }
    if (error.status() == 503 || error.status() == 507) response.set("Retry-After", "1");
    return response;
}

}  // namespace pixgate::store
