// What the suites of catalogs share: images, events, changes.
#pragma once

#include <gtest/gtest.h>

#include <atomic>

#include "core/snapshot.h"
#include "tests/support/worlds.h"

namespace pixgate::tests::catalog {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Ids that sort by the order they are made in.
inline ImageId new_id() {
    static std::atomic<int> last = 0;
    char text[37];
    std::snprintf(text, sizeof text, "01940000-0000-7000-8000-%012d", ++last);
    return {text};
}

inline NewImage new_image(World& w, const std::string& owner = "ann") {
    NewImage out;
    Image& image = out.image;
    image.id = new_id();
    image.owner = owner;
    image.policy = "default";
    image.filename = "휴가.jpg";
    image.bucket = "pixgate-originals";
    image.key = original_key(image.id);
    image.declared_type = "image/jpeg";
    image.declared_bytes = 1'234;
    image.metadata = {{"album", "서울"}};
    image.created_at = w.clock.now();
    image.expires_at = w.clock.now() + seconds(300);
    out.caller_id = "key-1";
    return out;
}

inline Image create(World& w, const std::string& owner = "ann") {
    auto created = run_task(w.catalog().create(new_image(w, owner)));
    EXPECT_TRUE(created);
    return created ? created->image : Image{};
}

inline StorageEvent event_of(const Image& image, const std::string& sequencer) {
    StorageEvent event;
    event.name = "ObjectCreated:Put";
    event.bucket = image.bucket;
    event.key = image.key;
    event.etag = "etag-" + sequencer;
    event.size_bytes = 1'234;
    event.sequencer = sequencer;
    return event;
}

inline Change ready(World& w, const Image& image, const std::string& sequencer) {
    Change change;
    change.id = image.id;
    change.to = ImageState::kReady;
    change.at = w.clock.now();
    change.stored_at = w.clock.now() - seconds(1);
    change.event = event_of(image, sequencer);
    change.content_type = "image/jpeg";
    change.size_bytes = 1'234;
    change.sha256 = "ab12";
    change.width_px = 4000;
    change.height_px = 3000;
    return change;
}

inline Change to_state(World& w, const Image& image, ImageState state, const char* reason = "") {
    Change change;
    change.id = image.id;
    change.to = state;
    change.reason = reason;
    change.at = w.clock.now();
    return change;
}

inline Change variant_of(World& w, const Image& image, const char* name, const char* sequencer) {
    Change change;
    change.id = image.id;
    change.at = w.clock.now();
    change.event = event_of(image, sequencer);
    change.event->key = thumbnail_key(image.id, name);
    change.variant = Variant{
        .name = name,
        .bucket = image.bucket,
        .key = change.event->key,
        .etag = change.event->etag,
        .content_type = "image/webp",
        .width_px = 256,
        .height_px = 192,
        .size_bytes = 9'000,
    };
    return change;
}

inline Variant product_of(
    const Image& image, VariantKind kind, const char* name, const char* transform
) {
    Variant out;
    out.name = name;
    out.bucket = "pixgate-variants";
    out.key = variant_key(image.id, "etag-01", transform);
    out.etag = "77";
    out.content_type =
        std::string_view(transform).ends_with("f=jpeg") ? "image/jpeg" : "image/webp";
    out.width_px = 640;
    out.height_px = 480;
    out.size_bytes = 30'000;
    out.kind = kind;
    return out;
}

inline Applied apply(World& w, Change change) {
    const auto applied = run_task(w.catalog().apply(std::move(change)));
    EXPECT_TRUE(applied);
    return applied.value_or(Applied::kSkipped);
}
inline Image find(World& w, const ImageId& id) {
    auto image = run_task(w.catalog().find(id));
    EXPECT_TRUE(image);
    return image ? *std::move(image) : Image{};
}
inline std::vector<FeedEntry> feed(World& w, FeedQuery query = {}) {
    return run_task(w.catalog().feed(query)).value();
}

}  // namespace pixgate::tests::catalog
