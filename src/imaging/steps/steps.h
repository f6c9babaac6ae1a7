// The steps of a transform, each in its own file or with its nearest kin.
#pragma once

#include "imaging/steps/work.h"

namespace pixgate::imaging::steps {

// open.cpp: as small as the decoder gives it without loss to the filter that follows.
void plan(Work& work);  // sizes and places; refuses a cut outside of the picture
void open(Work& work);

// cut.cpp
void trim(Work& work);   // finds an even border, and plans anew without it
void focus(Work& work);  // smart gravity: where most happens
void crop(Work& work);

// resize.cpp
void to_linear(Work& work);  // where linear light was asked for
void premultiply(Work& work);
void resize(Work& work);
void unpremultiply(Work& work);
void settle(Work& work);  // decoding happens here; what follows may look at pixels in any order

// colour.cpp
void to_output_colours(Work& work);  // 8-bit sRGB, or Display P3 where that may be kept
// After that step: what is added to the picture, 8-bit sRGB with or without alpha, in its colours.
vips::VImage in_output_colours(const Work& work, const vips::VImage& srgb);

// turn.cpp
void turn(Work& work);  // EXIF, rotate and flip in one

// canvas.cpp
void pad(Work& work);
void flatten(Work& work);

// effects.cpp
void blur(Work& work);
void sharpen(Work& work);
void adjust(Work& work);  // brightness, contrast, saturation
void grayscale(Work& work);

// watermark.cpp
void watermark(Work& work);

}  // namespace pixgate::imaging::steps
