// How a picture is asked for: presets by name, or options in comma form
// "w=320,h=240,fit=cover,q=80,f=auto". One parser, one canonical text per meaning (the cache key).
// Pure rules.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"

namespace pixgate {

// How the picture meets the box. None of them enlarges it unless `enlarge` is set; so kContain
// without it means kScaleDown, and kCover means kCrop, and their canonical texts are those.
enum class Fit : std::uint8_t {
    kScaleDown,  // inside the box
    kContain,    // inside the box, as large as it gets
    kCover,      // fills the box, what `gravity` says stays
    kCrop,       // fills what of the box it can without being enlarged
    kPad,        // inside the box, on a canvas of the box's size
    kSqueeze,    // exactly the box, whatever becomes of the proportions
};
enum class OutputFormat : std::uint8_t { kAuto, kJpeg, kPng, kWebp, kAvif, kGif };

// What stays when a picture is cut, and where it lies on a canvas.
enum class GravityKind : std::uint8_t {
    kCentre,
    kTop,
    kTopRight,
    kRight,
    kBottomRight,
    kBottom,
    kBottomLeft,
    kLeft,
    kTopLeft,
    kPoint,  // the focal point, in thousandths of the upright picture
    kSmart,  // where most happens
};
struct Gravity {
    GravityKind kind = GravityKind::kCentre;
    std::uint16_t x_permille = 500;  // kPoint only
    std::uint16_t y_permille = 500;
    bool operator==(const Gravity&) const = default;
};

struct Rgb {
    std::uint8_t red = 255, green = 255, blue = 255;
    bool operator==(const Rgb&) const = default;
};

// In pixels of the original after EXIF, rotate and flip; all 0: no cut.
struct CropRect {
    std::uint32_t left_px = 0, top_px = 0, width_px = 0, height_px = 0;
    bool operator==(const CropRect&) const = default;
};

enum class Flip : std::uint8_t { kNone, kHorizontal, kVertical, kBoth };
enum class KeepMetadata : std::uint8_t { kNone, kCopyright };

// The operator's mark over the picture; which one is configured, not asked for.
struct Watermark {
    bool is_on = false;
    GravityKind position = GravityKind::kBottomRight;  // neither kPoint nor kSmart
    std::uint8_t scale_percent = 20;                   // of the output's shorter side
    std::uint8_t opacity_percent = 50;
    bool is_tiled = false;
    bool operator==(const Watermark&) const = default;
};

// Steps are done in the order of the fields: turn and cut the original, fit it, then change
// colours. Plain data: it travels to the sandbox as it is.
struct Transform {
    std::uint16_t rotate_degrees = 0;  // clockwise: 0, 90, 180, 270; after EXIF
    Flip flip = Flip::kNone;
    std::uint8_t trim_tolerance = 0;  // 1..255: cut even borders, this far from the corner's colour
    CropRect crop{};
    std::uint32_t width_px = 0;   // 0: free
    std::uint32_t height_px = 0;  // 0: free
    Fit fit = Fit::kScaleDown;
    bool enlarge = false;
    Gravity gravity{};
    std::optional<Rgb> background{};     // under transparency and around kPad; absent: white, or
                                         // transparent where the format can be
    std::uint16_t blur_tenths = 0;       // sigma in tenths of a pixel, 0..1000
    std::uint16_t sharpen_tenths = 0;    // 0..100
    std::int8_t brightness_percent = 0;  // -100..100
    std::int8_t contrast_percent = 0;    // -100..100
    std::int8_t saturation_percent = 0;  // -100..100
    bool grayscale = false;
    Watermark watermark{};
    bool animate = false;      // keep all frames, where the output can (WebP, GIF)
    std::uint8_t quality = 0;  // 1..100; 0: the format's own (quality_of)
    OutputFormat format = OutputFormat::kAuto;
    KeepMetadata metadata = KeepMetadata::kNone;

    bool operator==(const Transform&) const = default;
};
static_assert(std::is_trivially_copyable_v<Transform>);

// The quality in force: the transform's, or the default of the format (JPEG 80, WebP 80, AVIF 60).
std::uint8_t quality_of(const Transform& transform);

inline constexpr std::uint32_t kMaxOutputSidePx = 4'096;  // attack 97: output overflow
inline constexpr std::array<std::uint32_t, 21> kListedWidths{16,   32,   48,  64,   96,   128,
                                                             160,  256,  320, 384,  480,  640,
                                                             750,  828,  960, 1080, 1200, 1280,
                                                             1600, 1920, 2048};

// "w=320,h=240,fit=cover,q=80,f=auto". Unknown, repeated, empty or out-of-range: kInvalidArgument,
// the parameter's name in `reason`. Digits only, no sign, no leading zero, no exponent. What comes
// back is normalised. docs/urls.md has every parameter.
Result<Transform> parse_transform(std::string_view text);

// The one of all transforms that mean the same: defaults and what has no effect are left out
// (gravity where nothing is cut, anim where the format has one frame, q where it is the format's
// own), cover is crop and contain is scale-down where nothing is enlarged, a turn and a mirror are
// the fewest of both.
Transform normalised(Transform transform);

// The one text of this meaning, so the name of the result in caches and in the store: parameters in
// fixed order, defaults left out. "w=320,h=240,fit=crop,f=webp". Normalises first.
std::string canonical(const Transform& transform);

struct Preset {
    std::string_view name;
    Transform transform;
};
// thumb (256 x 256 cover), w320, w640, w960, w1280, w1600, w2048 (scale-down), and avatar (128 x
// 128 cover).
std::optional<Transform> find_preset(std::string_view name);
std::span<const Preset> presets();

// True where its size is one of the list: widths (and heights, if given) from the list, in any fit,
// of nine gravities or smart, in any format and the format's own quality; nothing else. So many are
// there, and no more, however the URL is varied.
bool is_listed(const Transform& transform);

// The smallest width of the list that is at least this; 0 for 0, nullopt over the largest.
std::optional<std::uint32_t> listed_width_for(std::uint32_t px);

// What `auto` may become by the Accept field; JPEG or PNG where none of these is accepted.
struct AutoFormats {
    bool webp = true;
    bool avif = false;
};
// The output format for `auto`: AVIF before WebP where the Accept value names it with q > 0, else
// JPEG, or PNG for pictures with alpha; what moves is WebP or GIF. `image/*` and `*/*` prove
// nothing. Source: RFC 9110 section 12.5.1.
OutputFormat negotiate(
    std::string_view accept, bool has_alpha, AutoFormats formats = {}, bool animate = false
);
// The transform in that format. A quality in a URL without format is JPEG's and is brought to
// AVIF's scale. Normalised.
Transform in_format(Transform transform, OutputFormat format);
std::string_view content_type_of(OutputFormat format);  // not for kAuto

}  // namespace pixgate
