#include "imaging/encode.h"

#include "imaging/byte_reader.h"

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

// libvips 8.14 writes an EXIF chunk into every WebP, with `strip` too. Leaves only the chunks that
// hold pixels, and clears the canvas flags of the others.
std::string webp_pixels_only(const std::string& webp) {
    constexpr std::size_t kHeadBytes = 12, kFlagsAt = 8;
    constexpr char kAlphaFlag = 0x10;
    const Bytes bytes(reinterpret_cast<const std::uint8_t*>(webp.data()), webp.size());
    std::string out = webp.substr(0, kHeadBytes);
    ByteReader reader(bytes, Endian::kLittle);
    reader.skip(kHeadBytes);
    while (reader.remaining() >= 8) {
        const std::size_t start = reader.position();
        const Bytes type = reader.take(4);
        const std::uint32_t size = reader.u32();
        reader.skip(size + size % 2);
        if (!reader.ok()) throw vips::VError("the encoder wrote a broken WebP");
        const bool is_canvas = is(type, "VP8X");
        if (!is_canvas && !is(type, "VP8 ") && !is(type, "VP8L") && !is(type, "ALPH")) continue;
        const std::size_t at = out.size();
        out.append(webp, start, reader.position() - start);
        if (is_canvas) out.at(at + kFlagsAt) &= kAlphaFlag;
    }
    const std::size_t riff_bytes = out.size() - 8;
    for (std::size_t i = 0; i < 4; ++i) out.at(4 + i) = static_cast<char>(riff_bytes >> 8 * i);
    return out;
}

}  // namespace

std::string encode(const VImage& image, Format format, std::uint8_t quality) {
    VipsBlob* blob = encode_blob(image, format, quality);
    std::size_t bytes = 0;
    const void* data = vips_blob_get(blob, &bytes);
    std::string out(static_cast<const char*>(data), bytes);
    vips_area_unref(VIPS_AREA(blob));
    return format == Format::kWebp ? webp_pixels_only(out) : out;
}

}  // namespace pixgate::imaging
