// A decoded picture in memory, between the decoder and whatever is made of it.
#pragma once

#include <cstdint>
#include <vector>
#include <vips/vips8>

#include "imaging/geometry.h"

namespace pixgate::imaging {

// Upright, 8 bits.
struct Pixels {
    Size size;
    int bands = 3;                        // RGB, or 4: RGBA, the colours not multiplied
    std::vector<std::uint8_t> samples;    // rows without gaps
    std::vector<std::uint8_t> profile{};  // ICC; empty: sRGB, or as somebody else says
};

// Borrows the samples.
vips::VImage view_of(const Pixels& pixels);
// Decodes what has not been decoded yet. `image`: 8 bits, 3 or 4 bands. Throws vips::VError.
Pixels taken_from(const vips::VImage& image);

// Half as wide and high, rounded up: each pixel the mean of four, by their alpha.
Pixels halved(const Pixels& pixels);

}  // namespace pixgate::imaging
