#include <webp/encode.h>

#include "imaging/planes/encode_planes.h"

namespace pixgate::imaging {
namespace {

// JFIF uses all 256 values, WebP 16 to 235 for brightness and 16 to 240 for colour (BT.601).
constexpr std::uint32_t kBrightnessRange = 219, kColourRange = 224;

void limit_range(Plane& plane, std::uint32_t range) {
    const std::uint32_t factor = (range * 65536 + 127) / 255;
    // Colour is centred on 128 in both, so that its offset is not 16 exactly.
    const std::uint32_t offset =
        range == kColourRange ? (128U << 16) - 128 * factor + 32'768 : (16U << 16) + 32'768;
    for (std::uint32_t y = 0; y < plane.height(); ++y) {
        std::uint8_t* row = plane.row(y);
        for (std::uint32_t x = 0; x < plane.width(); ++x)
            row[x] = static_cast<std::uint8_t>((row[x] * factor + offset) >> 16);
    }
}

struct Output {
    WebPMemoryWriter writer{};
    Output() { WebPMemoryWriterInit(&writer); }
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output() { WebPMemoryWriterClear(&writer); }
};

}  // namespace

std::optional<std::string> encode_webp(Planes& planes, std::uint8_t quality, std::uint8_t effort) {
    WebPConfig config;
    WebPPicture picture;
    if (WebPConfigInit(&config) == 0 || WebPPictureInit(&picture) == 0) return std::nullopt;
    config.quality = quality;
    config.method = effort;
    if (planes.is_grey()) {
        planes.cb = Plane(ceil_div(planes.y.width(), 2), ceil_div(planes.y.height(), 2));
        planes.cr = Plane(planes.cb.width(), planes.cb.height());
        planes.cb.fill(128);
        planes.cr.fill(128);
    } else {
        limit_range(planes.cb, kColourRange);
        limit_range(planes.cr, kColourRange);
    }
    limit_range(planes.y, kBrightnessRange);
    const bool has_alpha = !planes.alpha.is_empty();
    // A view of our planes: the library frees nothing that it did not take.
    picture.use_argb = 0;
    picture.colorspace = has_alpha ? WEBP_YUV420A : WEBP_YUV420;
    picture.width = static_cast<int>(planes.y.width());
    picture.height = static_cast<int>(planes.y.height());
    picture.y = planes.y.row(0);
    picture.u = planes.cb.row(0);
    picture.v = planes.cr.row(0);
    picture.a = has_alpha ? planes.alpha.row(0) : nullptr;
    picture.y_stride = static_cast<int>(planes.y.stride());
    picture.uv_stride = static_cast<int>(planes.cb.stride());
    picture.a_stride = has_alpha ? static_cast<int>(planes.alpha.stride()) : 0;
    Output output;
    picture.writer = &WebPMemoryWrite;
    picture.custom_ptr = &output.writer;
    const bool ok = WebPEncode(&config, &picture) != 0;
    WebPPictureFree(&picture);
    if (!ok) return std::nullopt;
    return std::string(reinterpret_cast<const char*>(output.writer.mem), output.writer.size);
}

}  // namespace pixgate::imaging
