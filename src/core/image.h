// What the catalog knows of one picture, and which changes of state are allowed. Plain types and
// rules.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace pixgate {

// UUIDv7 in lower-case text; made by us, never by a client.
struct ImageId {
    std::string value;
    auto operator<=>(const ImageId&) const = default;
};

enum class ImageState : std::uint8_t {
    kPending,      // permission given, no bytes yet
    kStored,       // bytes are there, not looked at yet
    kReady,        // checked, may be shown
    kRejected,     // not a picture that the policy takes; reason says why
    kQuarantined,  // looking at it crashed or hung the sandbox twice
    kFailed,       // retries used up; a dead letter holds the rest, redrive may still make it ready
    kExpired,      // the permission was never used
    kDeleted,
};
std::string_view name_of(ImageState state);  // "pending"
std::optional<ImageState> parse_image_state(std::string_view name);

// pending -> stored -> ready | rejected | quarantined | failed; pending -> any of those at once
// (events may overtake each other); pending -> expired; failed -> ready | rejected | quarantined
// (redrive); any but deleted -> deleted. An object that arrives after expiry still counts: expired
// -> ready.
bool may_change(ImageState from, ImageState to);
// What a newer version of the original may do to one that is shown: ready -> ready | rejected |
// quarantined.
bool may_replace(ImageState from, ImageState to);
// True for states that do not change by themselves any more.
bool is_final(ImageState state);

enum class VariantKind : std::uint8_t {
    kThumbnail,  // made by the sender
    kPreset,     // made by the function, at a standard size
    kRendition,  // made by the function: what the edge makes other sizes from. Not shown to clients
};
std::string_view name_of(VariantKind kind);  // "thumbnail"
std::optional<VariantKind> parse_variant_kind(std::string_view name);

struct Variant {
    std::string name;  // "thumb"; of a preset "w640"; of a rendition its longer side, "2016"
    std::string bucket;
    std::string key;
    std::string etag;
    std::string content_type;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint64_t size_bytes = 0;
    VariantKind kind = VariantKind::kThumbnail;

    bool operator==(const Variant&) const = default;
};
// The order of Image::variants: thumbnails, presets, renditions; each by name, then by key. One
// preset may be there in several formats, under as many keys.
bool comes_before(const Variant& a, const Variant& b);

struct HistoryEntry {
    ImageState state = ImageState::kPending;
    TimePoint at;
    std::string reason;

    bool operator==(const HistoryEntry&) const = default;
};

struct Image {
    ImageId id;
    std::string owner;
    std::string policy;
    ImageState state = ImageState::kPending;
    std::string reason;  // stable code, empty while all is well
    std::string filename;
    std::string bucket;
    std::string key;
    std::string declared_type;  // what the uploader said
    std::uint64_t declared_bytes = 0;
    // Known once stored:
    std::string etag;
    std::string content_type;  // what the bytes are
    std::uint64_t size_bytes = 0;
    std::string sha256;          // lower-case hex, empty where the store does not tell
    std::uint32_t width_px = 0;  // upright
    std::uint32_t height_px = 0;
    std::uint32_t frames = 1;
    bool has_alpha = false;
    std::string dominant_colour;  // "#a1b2c3"; empty where nothing was decoded
    std::string thumbhash;        // base64; empty where none was made
    std::string blurhash;
    std::vector<Variant> variants;      // see comes_before()
    std::vector<HistoryEntry> history;  // oldest first
    std::map<std::string, std::string> metadata;
    TimePoint created_at;
    TimePoint expires_at;  // of the permission
    std::optional<TimePoint> ready_at;
};

// Names of objects in the store. The image id is all that a key says.
std::string original_key(const ImageId& id);                          // "{id}/original"
std::string thumbnail_key(const ImageId& id, std::string_view name);  // "{id}/thumbnails/{name}"
// In the variants bucket, where the edge looks for them. `etag` is the original's.
std::string variant_key(
    const ImageId& id, std::string_view etag, std::string_view canonical
);  // "{id}/{etag}/w=640,f=webp"
std::string rendition_key(
    const ImageId& id, std::string_view etag, std::uint32_t longer_side_px
);  // "{id}/{etag}/rendition-2016"
struct ParsedKey {
    ImageId id;
    std::string thumbnail;  // empty for the original
};
std::optional<ParsedKey> parse_object_key(std::string_view key);

// Names that clients give to thumbnails and metadata: 1..32 of a-z 0-9 - _.
bool is_simple_name(std::string_view name);

}  // namespace pixgate
