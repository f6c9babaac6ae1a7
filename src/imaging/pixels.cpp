#include "imaging/pixels.h"

#include <algorithm>
#include <array>

namespace pixgate::imaging {

using vips::VImage;

namespace {

// Of the `bands` samples at each of the four.
void mean_of(const std::array<const std::uint8_t*, 4>& four, int bands, std::uint8_t* to) {
    const auto colours = static_cast<std::size_t>(std::min(bands, 3));
    const bool has_alpha = bands == 4;
    std::array<unsigned, 3> sums{};
    unsigned weights = 0;
    for (const std::uint8_t* at : four) {
        const unsigned weight = has_alpha ? at[3] : 1;
        weights += weight;
        for (std::size_t band = 0; band < colours; ++band) sums.at(band) += at[band] * weight;
    }
    for (std::size_t band = 0; band < colours; ++band) {
        const unsigned sum = sums.at(band) + weights / 2;
        to[band] = weights == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(sum / weights);
    }
    if (has_alpha) to[3] = static_cast<std::uint8_t>((weights + 2) / 4);
}

}  // namespace

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
    // A few rows at a time, so that there is one copy of all.
    constexpr int kRows = 64;
    const std::size_t row_bytes = std::size_t{out.size.width_px} * static_cast<unsigned>(out.bands);
    out.samples.reserve(row_bytes * out.size.height_px);
    VipsRegion* region = vips_region_new(image.get_image());
    bool ok = region != nullptr;
    for (int top = 0; ok && top < image.height(); top += kRows) {
        const VipsRect rows{0, top, image.width(), std::min(kRows, image.height() - top)};
        ok = vips_region_prepare(region, &rows) == 0;
        for (int y = top; ok && y < top + rows.height; ++y) {
            const VipsPel* row = VIPS_REGION_ADDR(region, 0, y);
            out.samples.insert(out.samples.end(), row, row + row_bytes);
        }
    }
    if (region != nullptr) g_object_unref(region);
    if (!ok) throw vips::VError();
    return out;
}

Pixels halved(const Pixels& pixels) {
    const auto bands = static_cast<std::size_t>(pixels.bands);
    const std::size_t width = pixels.size.width_px, height = pixels.size.height_px;
    const auto at = [&](std::size_t x, std::size_t y) {
        const std::size_t column = std::min(x, width - 1), row = std::min(y, height - 1);
        return pixels.samples.data() + (row * width + column) * bands;
    };
    Pixels out;
    out.bands = pixels.bands;
    out.profile = pixels.profile;
    out.size = {(pixels.size.width_px + 1) / 2, (pixels.size.height_px + 1) / 2};
    out.samples.resize(std::size_t{out.size.width_px} * out.size.height_px * bands);
    std::uint8_t* to = out.samples.data();
    for (std::size_t y = 0; y < height; y += 2) {
        for (std::size_t x = 0; x < width; x += 2, to += bands)
            mean_of({at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)}, pixels.bands, to);
    }
    return out;
}

}  // namespace pixgate::imaging
