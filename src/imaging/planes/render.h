// One picture out of another: cut, resized and turned, plane by plane.
#pragma once

#include "imaging/planes/planes.h"
#include "imaging/planes/resample.h"

namespace pixgate::imaging {

struct Rendering {
    Size input;                    // the picture that `crop` is meant in, as stored
    Rect crop;                     // which part of it
    Size resized;                  // what that becomes, before it is turned
    std::uint8_t orientation = 1;  // EXIF: how it is turned upright
    Subsampling chroma = kHalfChroma;
};

// `source` is the input at any size. Positions of colour samples are kept, whatever the sampling.
Planes render(const Planes& source, const Rendering& how);

// The same, each plane of the source let go as soon as it is used; what is only turned is not
// copied before.
Planes render(Planes&& source, const Rendering& how);

// Turned as EXIF orientation 1 to 8 asks.
Plane turn(Plane plane, std::uint8_t orientation);

struct Axes {
    Axis across, down;
};
// Where the samples of one plane of a rendering come from, in samples of a source plane of which
// `width` x `height` samples of brightness are picture. Both samplings are full for brightness.
Axes axes_of(
    const Rendering& how, double width, double height, Subsampling source, Subsampling wanted
);

}  // namespace pixgate::imaging
