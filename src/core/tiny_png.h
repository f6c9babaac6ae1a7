// A PNG of a few pixels, for placeholders: 8 bits, RGB or RGBA. Source: PNG (W3C, third edition).
#pragma once

#include <string>

#include "core/thumbhash.h"

namespace pixgate {

// The whole file. The picture's pixels are as many as its size says.
std::string write_png(const TinyPicture& picture);

}  // namespace pixgate
