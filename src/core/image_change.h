// One change to one image, and the rules it is held to. Every catalog adapter applies changes with
// change_image(), so that they all follow the same rules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/image.h"
#include "core/storage_event.h"

namespace pixgate {

struct Change {
    ImageId id;
    ImageState to = ImageState::kReady;  // ignored where `variant` or `products_of_etag` is set
    std::string reason;
    TimePoint at;
    // Also write a "stored" history entry with this time, where there is none yet of this version.
    std::optional<TimePoint> stored_at;
    // The object version that caused this: the effect happens once per (bucket, key, etag,
    // sequencer), and never after a newer one of the same bucket and key. Absent: expiry, deletion
    // by call. Only effects (see is_effect) are remembered: after a change to `stored` or `failed`
    // the same event may still bring its verdict.
    std::optional<StorageEvent> event;
    // Facts, where a verdict brings them:
    std::string content_type;
    std::uint64_t size_bytes = 0;
    std::string sha256;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t frames = 1;
    bool has_alpha = false;
    std::string dominant_colour;
    std::string thumbhash;
    std::string blurhash;
    // Presets and renditions. With the verdict `ready` they take the place of all that were there.
    std::vector<Variant> products;
    // Add or replace a thumbnail instead of changing the state.
    std::optional<Variant> variant;
    // Add or replace `products`, and the placeholders where there is a ThumbHash, instead of
    // changing the state: only where the image is ready and its original is this version; else
    // kSkipped.
    std::optional<std::string> products_of_etag;
    // Apply only where the image is in this state: else kSkipped.
    std::optional<ImageState> only_from;
};

enum class Applied : std::uint8_t {
    kDone,
    kReplaced,   // done, in place of another version of the original: its variants are nobody's now
    kDuplicate,  // this event had its effect before
    kStale,      // a newer event of this object had its effect before
    kSkipped,    // the state does not allow it (deleted, only_from): nothing to do
};

// Changes the image where its state allows it: kDone, kReplaced or kSkipped. kDuplicate and kStale
// are for the adapter to find out beforehand, from its ledger. A deleted image keeps neither file
// name nor metadata; one that is replaced keeps nothing of the version before but the sender's
// thumbnails.
Applied change_image(Image& image, const Change& change);

constexpr bool took_effect(Applied applied) {
    return applied == Applied::kDone || applied == Applied::kReplaced;
}

// True for verdicts (ready, rejected, quarantined) and variants: what one event does once.
bool is_effect(const Change& change);

}  // namespace pixgate
