#include "flow/issue_upload.h"

#include <algorithm>

#include "core/bucket.h"

namespace pixgate {

namespace {

Image new_image(const UploadRequest& request, const Policy& policy, std::string id, TimePoint now) {
    Image image;
    image.id.value = std::move(id);
    image.owner = request.owner;
    image.policy = policy.name;
    image.filename = clean_filename(request.filename);
    image.bucket = kOriginalsBucket;
    image.key = original_key(image.id);
    image.declared_type = request.content_type;
    image.declared_bytes = request.size_bytes;
    image.metadata = request.metadata;
    image.created_at = now;
    image.expires_at = now + std::min(policy.lifetime, kMaxUploadLifetime);
    image.history.push_back({ImageState::kPending, now, {}});
    return image;
}

Result<void> check_caller(const Caller& caller, const UploadRequest& request) {
    if (!caller.may_upload) return fail(Errc::kPermissionDenied, "this key may not upload");
    // The caller of this step sets the owner; a client acting for someone else is refused here too.
    if (!caller.acts_for_all() && request.owner != caller.owner) {
        return fail(Errc::kPermissionDenied, "a client uploads for its own owner only", "owner");
    }
    return {};
}

}  // namespace

Result<UploadPermission> IssueUpload::presign(
    const Image& image, const UploadRequest& request, TimePoint now
) {
    // Not longer than the row says: a replay gets what is left of the first permission. S3 counts
    // whole seconds.
    const auto left = std::chrono::floor<std::chrono::seconds>(image.expires_at - now);
    if (left < std::chrono::seconds{1}) {
        return fail(
            Errc::kFailedPrecondition, "the permission of this idempotency key has expired",
            "upload_expired"
        );
    }
    UploadPermission out;
    out.image_id = image.id;
    out.expires_at = image.expires_at;
    const PutTarget original{
        .bucket = image.bucket,
        .key = image.key,
        .content_type = request.content_type,
        .size_bytes = request.size_bytes,
        .checksum_sha256 = request.checksum_sha256
    };
    TRY(out.original, signer.sign_put(original, left));
    for (const auto& thumbnail : request.thumbnails) {
        const PutTarget target{
            .bucket = image.bucket,
            .key = thumbnail_key(image.id, thumbnail.name),
            .content_type = thumbnail.content_type,
            .size_bytes = thumbnail.size_bytes,
            .checksum_sha256 = std::nullopt
        };
        TRY(auto signed_request, signer.sign_put(target, left));
        out.thumbnails.emplace_back(thumbnail.name, std::move(signed_request));
    }
    return out;
}

Task<Result<UploadPermission>> IssueUpload::run(
    Caller caller, UploadRequest request, Idempotency idempotency
) {
    CO_CHECK(check_caller(caller, request));
    const auto policy = policies.find(request.policy);
    if (policy == policies.end()) {
        co_return fail(Errc::kNotFound, "no policy of this name", "policy");
    }
    CO_CHECK(validate(request, policy->second));
    // Who sends cannot know every policy; what it gets URLs for is what is wanted.
    if (!takes_thumbnails(policy->second)) request.thumbnails.clear();

    const auto now = clock.now();
    NewImage wanted{
        .image = new_image(request, policy->second, ids.uuid_v7(), now),
        .caller_id = caller.id,
        .idempotency_key = std::move(idempotency.key),
        .request_hash = std::move(idempotency.request_hash),
        .max_open = max_open_per_caller
    };
    CO_TRY(const auto created, co_await catalog.create(std::move(wanted)));
    if (created.image.state == ImageState::kDeleted) {
        co_return fail(Errc::kNotFound, "image " + created.image.id.value + " was deleted");
    }
    co_return presign(created.image, request, now);
}

}  // namespace pixgate
