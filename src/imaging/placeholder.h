// What stands where a picture will be, out of a small copy of it: ThumbHash, blurhash and the
// dominant colour. Pure arithmetic.
#pragma once

#include <cstdint>
#include <vector>

#include "imaging/imaging.h"

namespace pixgate::imaging {

inline constexpr std::uint32_t kPlaceholderSidePx = 100;  // the most that ThumbHash is defined for

struct SmallPicture {
    std::uint32_t width_px = 0;  // 1 to kPlaceholderSidePx, as the height
    std::uint32_t height_px = 0;
    std::vector<std::uint8_t> rgba;  // 4 bytes a pixel, rows from the top, colour not multiplied
};

// All fields empty where `picture` has no pixels or not as many as its size says.
Placeholders make_placeholders(const SmallPicture& picture);

}  // namespace pixgate::imaging
