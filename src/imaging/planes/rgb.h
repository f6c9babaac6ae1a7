// From planes to RGB and back, BT.601 in full range as JFIF has it.
#pragma once

#include <vector>

#include "imaging/pixels.h"
#include "imaging/planes/planes.h"

namespace pixgate::imaging {

// 4 bytes a pixel: red, green, blue, alpha, the colours not multiplied. Colour in full or absent.
std::vector<std::uint8_t> to_rgba(const Planes& planes);

// As many bands as the planes have need of.
Pixels to_pixels(const Planes& planes);

// `bands`: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA; rows without gaps. Colour in full, or where
// `chroma` says so of RGB in half. Alpha is multiplied into the others, so that planes may be
// resized.
Planes from_pixels(
    const std::uint8_t* pixels, Size size, int bands, Subsampling chroma = kFullChroma
);

}  // namespace pixgate::imaging
