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

#include "base/result.h"

namespace pixgate {

enum class Fit : std::uint8_t { kScaleDown, kContain, kCover, kPad };
enum class OutputFormat : std::uint8_t { kAuto, kJpeg, kPng, kWebp };

struct Transform {
    std::uint32_t width_px = 0;   // 0: free
    std::uint32_t height_px = 0;  // 0: free
    Fit fit = Fit::kScaleDown;
    std::uint8_t quality = 80;  // 1..100
    OutputFormat format = OutputFormat::kAuto;

    bool operator==(const Transform&) const = default;
};

inline constexpr std::uint32_t kMaxOutputSidePx = 4'096;  // attack 97: output overflow
inline constexpr std::array<std::uint32_t, 21> kListedWidths{16,   32,   48,  64,   96,   128,
                                                             160,  256,  320, 384,  480,  640,
                                                             750,  828,  960, 1080, 1200, 1280,
                                                             1600, 1920, 2048};

// "w=320,h=240,fit=cover,q=80,f=auto". Unknown, repeated, empty or out-of-range: kInvalidArgument,
// the parameter's name in `reason`. Digits only, no sign, no leading zero.
Result<Transform> parse_transform(std::string_view text);
// The one text of this meaning: parameters in fixed order, defaults left out.
// "w=320,fit=cover,f=webp".
std::string canonical(const Transform& transform);

struct Preset {
    std::string_view name;
    Transform transform;
};
// thumb (256 x 256 cover), w320, w640, w960, w1280, w1600, w2048 (scale-down), and avatar (128 x
// 128 cover).
std::optional<Transform> find_preset(std::string_view name);
std::span<const Preset> presets();

// True where it may be asked for without a signature: widths (and heights, if given) from the list,
// quality 80.
bool is_listed(const Transform& transform);

// The output format for `auto`: WebP where the Accept value names it with q > 0, else JPEG, or PNG
// for pictures with alpha. `image/*` and `*/*` prove nothing. Source: RFC 9110 section 12.5.1.
OutputFormat negotiate(std::string_view accept, bool has_alpha);
std::string_view content_type_of(OutputFormat format);  // not for kAuto

}  // namespace pixgate
