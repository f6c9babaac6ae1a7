#include "imaging/encode.h"

namespace pixgate::imaging {
namespace {

using vips::VImage;

constexpr int kWebpEffort = 4;
constexpr int kPngCompression = 6;

VipsBlob* encode_blob(const VImage& image, Format format, int quality) {
    auto* options = VImage::option()->set("strip", true);
    switch (format) {
        case Format::kJpeg:
            return image.jpegsave_buffer(options->set("Q", quality)
                                             ->set("optimize_coding", true)
                                             ->set("interlace", true)
                                             ->set("subsample_mode", VIPS_FOREIGN_SUBSAMPLE_ON));
        case Format::kWebp:
            return image.webpsave_buffer(options->set("Q", quality)->set("effort", kWebpEffort));
        case Format::kPng:
            return image.pngsave_buffer(options->set("compression", kPngCompression));
        default:
            break;
    }
    delete options;
    throw vips::VError("no encoder for this format");
}

}  // namespace

std::string encode(const VImage& image, Format format, std::uint8_t quality) {
    VipsBlob* blob = encode_blob(image, format, quality);
    std::size_t bytes = 0;
    const void* data = vips_blob_get(blob, &bytes);
    std::string out(static_cast<const char*>(data), bytes);
    vips_area_unref(VIPS_AREA(blob));
    return out;
}

}  // namespace pixgate::imaging
