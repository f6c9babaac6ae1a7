#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>
#include <vector>
#include <vips/vips8>

#include "imaging/vips_setup.h"
#include "tests/support/pictures.h"

namespace pixgate::test {
namespace {

using imaging::Format;
using vips::VImage;

using Pixel = std::array<std::uint8_t, 4>;

std::uint8_t level(int value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

// At thousandths of width and height.
Pixel pixel_of(const Scene& scene, int across, int down) {
    const std::uint8_t faded = level(down > 500 ? 255 - (down - 500) * 255 / 500 : 255);
    const std::uint8_t alpha = scene.has_alpha ? faded : 255;
    const int from_disc = across - (250 + 50 * scene.phase), below_disc = down - 300;
    if (from_disc * from_disc + below_disc * below_disc < 180 * 180)
        return {230, 60, 40, scene.has_alpha ? std::uint8_t{0} : std::uint8_t{255}};
    if (across >= 600 && across < 850 && down >= 150 && down < 350) return {30, 160, 70, alpha};
    if (across >= 100 && across < 500 && down >= 650 && down < 900) {
        const std::uint8_t grey = across / 50 % 2 == 0 ? 250 : 10;
        return {grey, grey, grey, alpha};
    }
    if (across + down > 1'650 && across > 700 && down > 600) return {245, 240, 225, alpha};
    return {
        level(40 + across * 180 / 1'000), level(60 + down * 150 / 1'000),
        level(200 - across * 120 / 1'000), alpha
    };
}

// Where the upright picture has what is stored at (x, y). Source: Exif 2.3, tag Orientation.
std::pair<int, int> upright_of(const Scene& scene, int x, int y) {
    const int right = scene.width_px - 1, bottom = scene.height_px - 1;
    switch (scene.orientation) {
        case 1:
            return {x, y};
        case 2:
            return {right - x, y};
        case 3:
            return {right - x, bottom - y};
        case 4:
            return {x, bottom - y};
        case 5:
            return {y, x};
        case 6:
            return {right - y, x};
        case 7:
            return {right - y, bottom - x};
        case 8:
            return {y, bottom - x};
        default:
            throw std::invalid_argument("no orientation");
    }
}

VImage drawn(const Scene& scene) {
    if (!imaging::start_vips()) throw std::runtime_error("libvips does not start");
    const bool is_turned = scene.orientation >= 5;
    const int width = is_turned ? scene.height_px : scene.width_px;
    const int height = is_turned ? scene.width_px : scene.height_px;
    const int bands = scene.has_alpha ? 4 : 3;
    std::vector<std::uint8_t> pixels;
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const auto [across, down] = upright_of(scene, x, y);
            const Pixel pixel =
                pixel_of(scene, across * 1'000 / scene.width_px, down * 1'000 / scene.height_px);
            pixels.insert(pixels.end(), pixel.begin(), pixel.begin() + bands);
        }
    }
    return VImage::new_from_memory(
               pixels.data(), pixels.size(), width, height, bands, VIPS_FORMAT_UCHAR
    )
        .copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB))
        .copy_memory();
}

std::string taken(VipsBlob* blob) {
    std::size_t bytes = 0;
    const void* data = vips_blob_get(blob, &bytes);
    std::string out(static_cast<const char*>(data), bytes);
    vips_area_unref(VIPS_AREA(blob));
    return out;
}

}  // namespace

std::string make_scene(Format format, const Scene& scene) {
    const VImage image = drawn(scene);
    switch (format) {
        case Format::kJpeg:
            return taken(image.jpegsave_buffer(VImage::option()->set("Q", 96)));
        case Format::kPng:
            return taken(image.pngsave_buffer());
        case Format::kWebp:
            return taken(image.webpsave_buffer(VImage::option()->set("lossless", true)));
        case Format::kTiff:
            return taken(image.tiffsave_buffer());
        default:
            throw std::invalid_argument("no encoder");
    }
}

std::string make_scene_animation(const Scene& scene, int frames) {
    std::vector<VImage> drawings;
    Scene one = scene;
    for (one.phase = 0; one.phase < frames; ++one.phase) drawings.push_back(drawn(one));
    VImage strip = VImage::arrayjoin(drawings, VImage::option()->set("across", 1));
    strip = strip.copy();
    strip.set("page-height", scene.height_px);
    return taken(strip.gifsave_buffer());
}

}  // namespace pixgate::test
