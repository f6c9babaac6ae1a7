// Which part of a picture goes where, at which size. Pure arithmetic.
#pragma once

#include "imaging/imaging.h"

namespace pixgate::imaging {

struct Size {
    std::uint32_t width_px = 1;
    std::uint32_t height_px = 1;
    bool operator==(const Size&) const = default;
};

struct Plan {
    Size crop;     // the centred part of the source that is used
    Size resized;  // what that part becomes
    Size canvas;   // the result; larger than `resized` only for kPad
};

// For a source of `source` pixels, as stored or upright: the request's box must lie the same way.
// No side of the result is 0 or longer than request.max_side_px.
Plan plan_transform(Size source, const TransformRequest& request);

}  // namespace pixgate::imaging
