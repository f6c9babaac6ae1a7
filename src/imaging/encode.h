// Encoders, with the settings this project writes pictures with. No metadata leaves through them.
#pragma once

#include <cstdint>
#include <string>
#include <vips/vips8>

#include "imaging/types.h"

namespace pixgate::imaging {

// `image` is 8-bit sRGB, without alpha for kJpeg. Throws vips::VError.
std::string encode(const vips::VImage& image, Format format, std::uint8_t quality);

}  // namespace pixgate::imaging
