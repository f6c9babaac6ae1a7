// Pictures that move: how many frames a transform keeps, and how long each is shown.
#pragma once

#include "imaging/steps/work.h"

namespace pixgate::imaging::steps {

// 1 unless the transform keeps all frames of its input.
std::uint32_t kept_frames(const Facts& source, const Transform& transform);

// Frame `index` of the opened picture, cut out of the column of all frames.
vips::VImage frame_of(const vips::VImage& opened, std::uint32_t index);

// Delays under 20 ms become 100 ms, as browsers show them. Loops as they are.
Animation animation_of(const vips::VImage& opened, std::uint32_t frames);

}  // namespace pixgate::imaging::steps
