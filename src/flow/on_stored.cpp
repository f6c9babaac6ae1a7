#include "flow/on_stored.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/log.h"
#include "core/bucket.h"
#include "flow/delete_image.h"
#include "flow/object_file.h"

namespace pixgate {

struct OnStored::Opened {
    std::unique_ptr<ObjectReader> reader;
    ObjectInfo info;
};

struct OnStored::Verdict {
    ImageState state = ImageState::kReady;
    std::string reason;
    imaging::Facts facts;
};

namespace {

// True where this very object version has had its effect: a duplicate costs no decoding.
bool is_settled(const Image& image, const ParsedKey& key, const ObjectInfo& object) {
    using enum ImageState;
    if (key.thumbnail.empty()) {
        const bool has_verdict =
            image.state == kReady || image.state == kRejected || image.state == kQuarantined;
        return has_verdict && image.etag == object.etag;
    }
    return std::ranges::any_of(image.variants, [&](const Variant& variant) {
        return variant.name == key.thumbnail && variant.etag == object.etag;
    });
}

// A forbidden system call, or an answer that no child of ours gives.
bool is_violation(const Error& error) {
    return error.reason == "policy_violation" || error.reason == "bad_reply";
}

bool may_be_the_picture(const Error& error) {
    return error.code == Errc::kCrashed || error.code == Errc::kDeadlineExceeded;
}

}  // namespace

Task<Result<void>> OnStored::remove_if_deleted(const StorageEvent& event, const ImageId& id) {
    CO_TRY(const bool is_deleted, co_await was_deleted(catalog, id, clock.now()));
    if (!is_deleted) {
        log::warning("object of an unknown image", {{"image_id", id.value}, {"object", event.key}});
        co_return Result<void>{};
    }
    log::info("object of a deleted image removed", {{"image_id", id.value}, {"object", event.key}});
    co_return co_await store.remove(event.bucket, event.key, std::nullopt);
}

Task<Result<std::optional<OnStored::Opened>>> OnStored::open(const StorageEvent& event) {
    auto got = co_await store.get(event.bucket, event.key);
    if (!got && got.error().code == Errc::kNotFound && got.error().reason != "bucket") {
        log::info("object gone before its event", {{"object", event.key}});
        co_return std::nullopt;
    }
    if (!got && got.error().code == Errc::kNotFound) {
        co_return fail(Errc::kUnavailable, "bucket " + event.bucket + " is gone");
    }
    CO_TRY(auto reader, std::move(got));
    Opened opened{.reader = std::move(reader), .info = {}};
    opened.info = opened.reader->info();
    if (!event.etag.empty() && opened.info.etag != event.etag) {
        log::info("event of an older object", {{"object", event.key}, {"etag", event.etag}});
        co_return std::nullopt;
    }
    co_return opened;
}

VerifyJob OnStored::job_for(const Image& image, const ParsedKey& key, const ObjectInfo& object)
    const {
    auto policy = policies.find(image.policy);
    if (policy == policies.end()) {
        log::warning(
            "policy of an image is gone, the default is used",
            {{"image_id", image.id.value}, {"policy", image.policy}}
        );
        policy = policies.find("default");
    }
    Policy rules;
    rules.allowed_types.clear();  // no policy at all: nothing is allowed
    if (policy != policies.end()) rules = policy->second;
    VerifyJob job{
        .declared_type = key.thumbnail.empty() ? image.declared_type : object.content_type,
        .allowed_types = rules.allowed_types,
        .limits = {},
        .mode = rules.verify
    };
    job.limits.max_bytes = rules.max_bytes;
    job.limits.max_pixels = rules.max_pixels;
    job.limits.max_total_pixels = std::max(job.limits.max_total_pixels, rules.max_pixels);
    job.limits.max_side_px = rules.max_side_px;
    job.limits.max_frames = rules.max_frames;
    if (!key.thumbnail.empty()) {
        job.limits.max_bytes = rules.max_thumbnail_bytes;
        job.limits.max_side_px = std::min(rules.max_side_px, kMaxThumbnailSidePx);
    }
    return job;
}

Task<Result<OnStored::Verdict>> OnStored::quarantine(
    const ObjectInfo& object, const Error& error, const std::string& image_id
) {
    Verdict verdict{.state = ImageState::kQuarantined, .reason = {}, .facts = {}};
    verdict.reason = error.code == Errc::kCrashed ? "decoder_crashed" : "decoder_too_slow";
    Alert alert{
        .kind = is_violation(error) ? "sandbox_violation" : "image_quarantined",
        .cause = verdict.reason,
        .text = fmt::format("object {}: {}", object.key, error.message),
        .image_id = image_id,
        .at = clock.now()
    };
    // Before the message is sent: with the verdict written, a retry would not come here again.
    CO_CHECK(co_await alerts.raise(std::move(alert)));
    poison.remember(object, verdict.reason);
    co_return verdict;
}

Task<Result<OnStored::Verdict>> OnStored::judge(
    Opened& opened, const VerifyJob& job, const std::string& image_id
) {
    const auto refuse = [](imaging::Refusal refusal) {
        return Verdict{
            .state = ImageState::kRejected,
            .reason = std::string(imaging::code_of(refusal)),
            .facts = {}
        };
    };
    if (opened.info.size_bytes == 0) co_return refuse(imaging::Refusal::kEmpty);
    if (opened.info.size_bytes > job.limits.max_bytes) {
        co_return refuse(imaging::Refusal::kTooManyBytes);
    }
    if (auto reason = poison.find(opened.info)) {
        co_return Verdict{
            .state = ImageState::kQuarantined, .reason = *std::move(reason), .facts = {}
        };
    }
    CO_TRY(const UniqueFd file, co_await open_as_file(*opened.reader));
    auto look = [&] { return verify(file.get(), opened.info.size_bytes, job); };
    auto answer = co_await offload(imaging_pool, look);
    if (!answer && may_be_the_picture(answer.error())) {
        log::failure(
            log::Level::kWarning, "looking at a picture failed, once more", answer.error(),
            {{"image_id", image_id}, {"object", opened.info.key}}
        );
        answer = co_await offload(imaging_pool, look);
    }
    if (!answer && may_be_the_picture(answer.error())) {
        co_return co_await quarantine(opened.info, answer.error(), image_id);
    }
    CO_TRY(const auto verified, std::move(answer));
    if (verified.refusal != imaging::Refusal::kNone) co_return refuse(verified.refusal);
    co_return Verdict{.state = ImageState::kReady, .reason = {}, .facts = verified.facts};
}

Task<Result<void>> OnStored::run(StorageEvent event) {
    if (!event.is_created() || event.bucket != kOriginalsBucket) co_return Result<void>{};
    const auto key = parse_object_key(event.key);
    if (!key) {
        log::info("object that belongs to no image", {{"object", event.key}});
        co_return Result<void>{};
    }
    // The image's row is older than the permission to send it, so no event can overtake it.
    auto found = co_await catalog.find(key->id);
    if (!found && found.error().code == Errc::kNotFound) {
        co_return co_await remove_if_deleted(event, key->id);
    }
    CO_TRY(const auto image, std::move(found));
    CO_TRY(auto opened, co_await open(event));
    if (!opened || is_settled(image, *key, opened->info)) co_return Result<void>{};

    const auto job = job_for(image, *key, opened->info);
    CO_TRY(auto verdict, co_await judge(*opened, job, image.id.value));

    event.etag = opened->info.etag;
    event.size_bytes = opened->info.size_bytes;
    if (event.sequencer.empty()) event.sequencer = opened->info.sequencer;
    RegisterMessage message;
    message.image_id = image.id;
    message.thumbnail = key->thumbnail;
    message.url = signer.object_url(event.bucket, event.key);
    message.event = std::move(event);
    message.verdict = verdict.state;
    message.reason = std::move(verdict.reason);
    message.size_bytes = opened->info.size_bytes;
    message.sha256 = opened->info.sha256;
    if (verdict.state == ImageState::kReady) {
        message.content_type = imaging::content_type_of(verdict.facts.format);
        message.width_px = verdict.facts.width_px;
        message.height_px = verdict.facts.height_px;
        message.frames = verdict.facts.frames;
    }
    CO_CHECK(co_await queue.send(to_json(message)));
    co_return Result<void>{};
}

}  // namespace pixgate
