// How much of a JPEG's colour is kept: one rule for every way a picture takes to the encoder.
#pragma once

#include <cstdint>

namespace pixgate::imaging {

// In full where the quality asked for would be lost to half chroma, and in pictures so small that
// half of it shows as smeared edges while all of it costs few bytes. Sides in px, of the output.
constexpr bool has_full_chroma(
    std::uint8_t quality, std::uint32_t width_px, std::uint32_t height_px
) {
    constexpr std::uint8_t kFromQuality = 90;
    constexpr std::uint32_t kUpToPx = 256;
    return quality >= kFromQuality || (width_px <= kUpToPx && height_px <= kUpToPx);
}

}  // namespace pixgate::imaging
