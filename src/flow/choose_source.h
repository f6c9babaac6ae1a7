// What a variant is made from: the smallest stored rendition that has pixels to spare, or where no
// rendition will do the original. Pure rules.
#pragma once

#include <optional>

#include "core/image.h"
#include "core/transform.h"

namespace pixgate {

// Pixels along the longer side that a source of the whole picture needs so that no output pixel is
// made of less than one source pixel. For a cover crop or a crop rectangle that is more than the
// output's own side. At least 1; over the original's longer side where it has to be enlarged.
double needed_side_px(const Transform& transform, std::uint32_t width_px, std::uint32_t height_px);

// The smallest rendition with at least 1.25 times the needed pixels, else the largest, also where
// that has fewer than are needed: no size is worth decoding strange bytes again. nullopt: the
// original, because what is asked for no rendition has (frames, metadata, a drawing made larger),
// or there are none.
std::optional<Variant> choose_rendition(const Image& image, const Transform& transform);

}  // namespace pixgate
