#include "flow/register_image.h"

#include "base/log.h"
#include "core/bucket.h"
#include "core/presets_message.h"
#include "flow/stale_variants.h"

namespace pixgate {

namespace {

// The queue is ours, but what is on it is held against the object's key all the same: a forged or
// damaged message must not change another image.
Result<void> check(const RegisterMessage& message) {
    using enum ImageState;
    const bool is_verdict = message.verdict == kReady || message.verdict == kRejected ||
                            message.verdict == kQuarantined;
    if (!is_verdict) return fail(Errc::kInvalidArgument, "the verdict is not one", "verdict");
    const auto key = parse_object_key(message.event.key);
    if (message.event.bucket != kOriginalsBucket || !key || key->id != message.image_id ||
        key->thumbnail != message.thumbnail) {
        return fail(Errc::kInvalidArgument, "image and object do not belong together", "event");
    }
    for (const auto& variant : message.variants) {
        const std::string prefix = variant_key(message.image_id, message.event.etag, "");
        const bool is_named = is_simple_name(variant.name) && variant.key.starts_with(prefix);
        if (!is_named || variant.kind == VariantKind::kThumbnail || !message.thumbnail.empty() ||
            message.verdict != kReady) {
            return fail(Errc::kInvalidArgument, "a variant that does not belong here", "variants");
        }
    }
    return {};
}

Variant variant_of(const RegisterMessage& message) {
    return {
        .name = message.thumbnail,
        .bucket = message.event.bucket,
        .key = message.event.key,
        .etag = message.event.etag,
        .content_type = message.content_type,
        .width_px = message.width_px,
        .height_px = message.height_px,
        .size_bytes = message.size_bytes
    };
}

}  // namespace

Task<Result<Applied>> RegisterImage::run(RegisterMessage message) {
    CO_CHECK(check(message));
    const bool is_thumbnail = !message.thumbnail.empty();
    if (is_thumbnail && message.verdict != ImageState::kReady) {
        // The image itself may be fine: its state says nothing of a bad thumbnail.
        log::warning(
            "a client's thumbnail is refused", {{"image_id", message.image_id.value},
                                                {"thumbnail", message.thumbnail},
                                                {"reason", message.reason}}
        );
        co_return Applied::kSkipped;
    }

    Change change;
    change.id = message.image_id;
    change.at = clock.now();
    change.event = message.event;
    if (is_thumbnail) {
        change.variant = variant_of(message);
    } else {
        change.to = message.verdict;
        change.reason = message.reason;
        change.stored_at = message.event.at;
        change.content_type = message.content_type;
        change.size_bytes = message.size_bytes;
        change.sha256 = message.sha256;
        change.width_px = message.width_px;
        change.height_px = message.height_px;
        change.frames = message.frames;
        change.has_alpha = message.has_alpha;
        change.dominant_colour = std::move(message.dominant_colour);
        change.thumbhash = std::move(message.thumbhash);
        change.blurhash = std::move(message.blurhash);
        change.products = std::move(message.variants);
    }
    const bool wants_presets_anew = message.wants_presets_anew && change.to == ImageState::kReady;
    const PresetsMessage anew{message.image_id, message.event.etag, true};
    CO_TRY(const auto applied, co_await catalog.apply(std::move(change)));
    const bool is_registered = applied == Applied::kDone || applied == Applied::kReplaced ||
                               applied == Applied::kDuplicate;
    // A duplicate, too: the first time may have ended between the two.
    if (wants_presets_anew && is_registered) CO_CHECK(co_await preset_queue.send(to_json(anew)));
    if (applied != Applied::kReplaced) co_return applied;
    const auto cleared = co_await clear_away(message.image_id);
    if (!cleared) {
        log::failure(
            log::Level::kWarning, "variants of a replaced original are left", cleared.error(),
            {{"image_id", message.image_id.value}}
        );
    }
    co_return applied;
}

Task<Result<std::uint64_t>> RegisterImage::clear_away(ImageId id) {
    if (store == nullptr) co_return std::uint64_t{0};
    CO_TRY(const auto image, co_await catalog.find(std::move(id)));
    co_return co_await remove_stale_variants(*store, image);
}

}  // namespace pixgate
