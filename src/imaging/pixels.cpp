#include "imaging/pixels.h"

namespace pixgate::imaging {

using vips::VImage;

VImage view_of(const Pixels& pixels) {
    const VImage borrowed = VImage::new_from_memory(
        const_cast<std::uint8_t*>(pixels.samples.data()), pixels.samples.size(),
        static_cast<int>(pixels.size.width_px), static_cast<int>(pixels.size.height_px),
        pixels.bands, VIPS_FORMAT_UCHAR
    );
    const VImage view =
        borrowed.copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB));
    if (!pixels.profile.empty()) {
        vips_image_set_blob_copy(
            view.get_image(), VIPS_META_ICC_NAME, pixels.profile.data(), pixels.profile.size()
        );
    }
    return view;
}

Pixels taken_from(const VImage& image) {
    if (image.format() != VIPS_FORMAT_UCHAR || image.bands() < 3 || image.bands() > 4)
        throw vips::VError("not 8-bit RGB");
    Pixels out;
    out.size = {
        static_cast<std::uint32_t>(image.width()), static_cast<std::uint32_t>(image.height())
    };
    out.bands = image.bands();
    std::size_t bytes = 0;
    auto* samples = static_cast<std::uint8_t*>(image.write_to_memory(&bytes));
    out.samples.assign(samples, samples + bytes);
    g_free(samples);
    return out;
}

}  // namespace pixgate::imaging
