// POST /v1/uploads: permission to send one picture.
#include <algorithm>

#include "roles/api/api.h"
#include "roles/api/request_json.h"
#include "roles/status.h"

namespace pixgate::roles {

namespace {

// Idempotency-Key: 1 to 255 visible ASCII characters; empty where there is none.
Result<std::string> idempotency_key(const http::Request& request) {
    const auto count = request.fields.count("Idempotency-Key");
    if (count == 0) return std::string();
    const auto key = request.fields.get("Idempotency-Key");
    const bool is_good = count == 1 && !key.empty() && key.size() <= 255 &&
                         std::ranges::all_of(key, [](char c) { return c > 0x20 && c < 0x7f; });
    if (!is_good) {
        return fail(
            Errc::kInvalidArgument, "1 to 255 visible ASCII characters, once", "Idempotency-Key"
        );
    }
    return std::string(key);
}

}  // namespace

Task<Result<http::Response>> Api::create_upload(ApiCall& call) {
    if (!call.caller.may_upload)
        co_return fail(Errc::kPermissionDenied, "This key may not upload.");
    IssueUpload::Idempotency idempotency;
    CO_TRY(idempotency.key, idempotency_key(call.request));
    CO_TRY(const std::string body, co_await read_json_body(call.request));
    CO_TRY(UploadRequest wanted, parse_upload_request(body));
    if (wanted.owner.empty()) wanted.owner = call.caller.owner;
    if (!call.caller.acts_for_all() && wanted.owner != call.caller.owner) {
        co_return fail(Errc::kPermissionDenied, "A client uploads for its own owner only.");
    }
    if (!idempotency.key.empty()) idempotency.request_hash = sha256_hex(body);

    IssueUpload issue = ports_.issue_upload;
    issue.max_open_per_caller = call.caller.acts_for_all() ? options_.max_open_uploads_per_server
                                                           : options_.max_open_uploads_per_client;
    auto permission = co_await issue.run(call.caller, std::move(wanted), std::move(idempotency));
    if (permission) co_return json_response(201, permission_json(*permission));

    Error& error = permission.error();
    // The request asks for too much; it is not too large itself, nor of a wrong type.
    const bool is_wish = error.code == Errc::kTooLarge || error.code == Errc::kUnsupportedMedia;
    if (is_wish) co_return problem_response(error, call.request.id, 400);
    if (error.code == Errc::kNotFound) {
        co_return fail(Errc::kInvalidArgument, "there is no policy of this name", "policy");
    }
    co_return std::unexpected(std::move(error));
}

}  // namespace pixgate::roles
