// A ThumbHash made visible: from its 5 to 25 bytes to a picture of at most 32 pixels. Pure rules,
// after the format's description at https://evanw.github.io/thumbhash/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pixgate {

inline constexpr std::uint32_t kPlaceholderSidePx = 32;

struct TinyPicture {
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    bool has_alpha = false;
    std::string pixels;  // RGB, or RGBA with straight alpha; rows from the top
};

// `hash` as bytes. The proportions are those of the picture it was made of (0: what the hash itself
// says, coarsely); the longer side is kPlaceholderSidePx, the shorter at least 1.
//   errors  kCorrupt: too short to be one
Result<TinyPicture> decode_thumbhash(
    std::string_view hash, std::uint32_t width_px, std::uint32_t height_px
);

}  // namespace pixgate
