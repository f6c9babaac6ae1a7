// Encoders, with the settings this project writes pictures with. No metadata leaves through them
// but what is named in Extras.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>
#include <vips/vips8>

#include "imaging/byte_reader.h"
#include "imaging/types.h"

namespace pixgate::imaging {

// What a picture may carry beside its pixels; each may be empty.
struct Extras {
    std::vector<std::uint8_t> profile;  // ICC
    std::string exif;                   // a TIFF structure, without "Exif\0\0"
    std::string xmp;                    // the packet
    bool empty() const { return profile.empty() && exif.empty() && xmp.empty(); }
};

// All frames of an animation have the size of the first; one frame is a still picture.
struct Animation {
    std::vector<int> delays_ms;  // for each frame
    int loops = 0;               // how often it is shown; 0: for ever
};

struct EncodeOptions {
    Format format = Format::kJpeg;  // kJpeg, kPng, kWebp, kAvif, kGif
    std::uint8_t quality = 80;      // 1 to 100; not for PNG and GIF
    std::uint8_t effort = 4;        // of WebP and AVIF: 0 to 6; of PNG: 0 is quick
    Extras extras;                  // not into GIF
};

// `image` is 8-bit sRGB (or of extras.profile), without alpha for kJpeg. Throws vips::VError.
std::string encode(const vips::VImage& image, const EncodeOptions& options);

// WebP or GIF. Throws vips::VError.
std::string encode_frames(
    std::span<const vips::VImage> frames, const Animation& animation, const EncodeOptions& options
);

// The encoded picture with these extras in their places and no others, for JPEG, PNG and WebP. Pure
// bytes; throws vips::VError where an encoder wrote what is not its format.
std::string with_extras(const std::string& encoded, Format format, const Extras& extras);

}  // namespace pixgate::imaging
