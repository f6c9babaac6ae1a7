#include "tests/support/pictures.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <stdexcept>
#include <vector>
#include <vips/vips8>

#include "imaging/vips_setup.h"

namespace pixgate::test {
namespace {

using imaging::Format;
using vips::VImage;

VImage solid(int width, int height, std::vector<double> colour) {
    return VImage::black(width, height)
        .new_from_image(std::move(colour))
        .cast(VIPS_FORMAT_UCHAR)
        .copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB));
}

VImage quadrants(int width, int height) {
    if (!imaging::start_vips()) throw std::runtime_error("libvips does not start");
    const int left = width / 2, top = height / 2;
    VImage out = solid(width, height, {220, 200, 20});
    if (left > 0 && top > 0) {
        out = out.insert(solid(left, top, {200, 20, 20}), 0, 0)
                  .insert(solid(width - left, top, {20, 180, 20}), left, 0)
                  .insert(solid(left, height - top, {20, 20, 200}), 0, top);
    }
    return out;
}

std::string taken(VipsBlob* blob) {
    std::size_t bytes = 0;
    const void* data = vips_blob_get(blob, &bytes);
    std::string out(static_cast<const char*>(data), bytes);
    vips_area_unref(VIPS_AREA(blob));
    return out;
}

void append_number(std::string& out, std::uint64_t value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        out += static_cast<char>(value >> shift & 0xFF);
}

std::uint32_t crc32_of(std::string_view data) {
    std::uint32_t c = 0xFFFFFFFFU;
    for (const char byte : data) {
        c ^= static_cast<std::uint8_t>(byte);
        for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
    }
    return c ^ 0xFFFFFFFFU;
}

void append_chunk(std::string& out, std::string_view type, std::string_view payload) {
    append_number(out, payload.size(), 4);
    const std::string body = std::string(type) + std::string(payload);
    out += body;
    append_number(out, crc32_of(body), 4);
}

}  // namespace

std::string make_picture(Format format, int width_px, int height_px) {
    const VImage image = quadrants(width_px, height_px);
    switch (format) {
        case Format::kJpeg:
            return taken(image.jpegsave_buffer(VImage::option()->set("Q", 90)));
        case Format::kPng:
            return taken(image.pngsave_buffer());
        case Format::kGif:
            return taken(image.gifsave_buffer());
        case Format::kWebp:
            return taken(image.webpsave_buffer());
        case Format::kAvif:
            return taken(image.heifsave_buffer(
                VImage::option()->set("compression", VIPS_FOREIGN_HEIF_COMPRESSION_AV1)
            ));
        case Format::kHeic:
            return taken(image.heifsave_buffer());
        case Format::kTiff:
            return taken(image.tiffsave_buffer());
        default:
            throw std::invalid_argument("no encoder");
    }
}

std::string make_progressive_jpeg(int width_px, int height_px) {
    return taken(
        quadrants(width_px, height_px).jpegsave_buffer(VImage::option()->set("interlace", true))
    );
}

std::string make_transparent_png(int width_px, int height_px, int alpha) {
    const std::vector<double> band{static_cast<double>(alpha)};
    return taken(quadrants(width_px, height_px).bandjoin_const(band).pngsave_buffer());
}

std::string make_animation(int width_px, int height_px, int frames) {
    std::vector<VImage> pages;
    for (int i = 0; i < frames; ++i)
        pages.push_back(quadrants(width_px, height_px).linear(1, i % 20).cast(VIPS_FORMAT_UCHAR));
    VImage strip = VImage::black(width_px, height_px * frames, VImage::option()->set("bands", 3));
    for (int i = 0; i < frames; ++i)
        strip = strip.insert(pages[static_cast<std::size_t>(i)], 0, i * height_px);
    strip = strip.copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB));
    strip.set("page-height", height_px);
    return taken(strip.gifsave_buffer());
}

std::string with_exif(const std::string& jpeg, std::uint16_t orientation, std::string_view text) {
    std::string tiff("MM\0*\0\0\0\x08\0\x02", 10);
    const std::string shown = std::string(text) + std::string(4, '\0');
    append_number(tiff, 0x010E, 2);  // ImageDescription, ASCII
    append_number(tiff, 2, 2);
    append_number(tiff, shown.size(), 4);
    append_number(tiff, 8 + 2 + 2 * 12 + 4, 4);
    append_number(tiff, 0x0112, 2);  // Orientation, SHORT
    append_number(tiff, 3, 2);
    append_number(tiff, 1, 4);
    append_number(tiff, orientation, 2);
    append_number(tiff, 0, 2);
    append_number(tiff, 0, 4);
    tiff += shown;
    std::string segment("\xFF\xE1", 2);
    append_number(segment, 2 + 6 + tiff.size(), 2);
    segment += std::string("Exif\0\0", 6) + tiff;
    return jpeg.substr(0, 2) + segment + jpeg.substr(2);
}

std::string png_header_bomb(std::uint32_t width_px, std::uint32_t height_px) {
    std::string out("\x89PNG\r\n\x1A\n");
    std::string header;
    append_number(header, width_px, 4);
    append_number(header, height_px, 4);
    header += std::string("\x08\x02\0\0\0", 5);
    append_chunk(out, "IHDR", header);
    append_chunk(out, "IDAT", "x");
    append_chunk(out, "IEND", "");
    return out;
}

Rgb pixel_at(const std::string& encoded, double across, double down) {
    if (!imaging::start_vips()) throw std::runtime_error("libvips does not start");
    const VImage image = VImage::new_from_buffer(encoded.data(), encoded.size(), "");
    const auto bands = image.getpoint(
        static_cast<int>(across * (image.width() - 1)),
        static_cast<int>(down * (image.height() - 1))
    );
    return {
        static_cast<int>(bands.at(0)), static_cast<int>(bands.at(1)), static_cast<int>(bands.at(2))
    };
}

UniqueFd file_of(std::string_view bytes) {
    const UniqueFd writable(::memfd_create("test-picture", MFD_CLOEXEC));
    if (::write(writable.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()))
        throw std::runtime_error("memfd");
    const std::string path = "/proc/self/fd/" + std::to_string(writable.get());
    return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace pixgate::test
