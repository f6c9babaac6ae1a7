// Small pictures for tests, made on the spot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.h"
#include "imaging/types.h"

namespace pixgate::test {

// Quadrants of red, green, blue and yellow (top left, top right, bottom left, bottom right),
// encoded as JPEG, PNG, GIF, WebP, AVIF, HEIC or TIFF.
std::string make_picture(imaging::Format format, int width_px, int height_px);
std::string make_progressive_jpeg(int width_px, int height_px);
std::string make_transparent_png(int width_px, int height_px, int alpha = 0);
// A GIF with that many frames.
std::string make_animation(int width_px, int height_px, int frames);

// A picture of parts that cannot be taken for each other, however it is turned or mirrored: a ramp
// with a disc, a bar, stripes and a corner on it.
struct Scene {
    int width_px = 160, height_px = 120;  // upright
    bool has_alpha = false;               // the disc is a hole, and the lower half fades out
    int phase = 0;                        // 0 to 9: how far the disc has moved to the right
    int orientation = 1;                  // EXIF: how the pixels are stored; no tag is written
};
// JPEG (fine, full chroma), PNG, WebP (lossless) or TIFF.
std::string make_scene(imaging::Format format, const Scene& scene = {});
// A GIF of scenes, one phase after the other.
std::string make_scene_animation(const Scene& scene, int frames);

// `jpeg` with an APP1 segment in front that holds this EXIF orientation and, as description,
// `text`.
std::string with_exif(
    const std::string& jpeg, std::uint16_t orientation, std::string_view text = ""
);
// A PNG that has a header of this size, and little else.
std::string png_header_bomb(std::uint32_t width_px, std::uint32_t height_px);

struct Rgb {
    int red = 0, green = 0, blue = 0;
};
// The pixel at that part of the picture, 0 to 1 from the top left.
Rgb pixel_at(const std::string& encoded, double across, double down);

// A read-only file in memory.
UniqueFd file_of(std::string_view bytes);

}  // namespace pixgate::test
