#include <algorithm>
#include <cmath>

#include "imaging/steps/steps.h"

namespace pixgate::imaging::steps {
namespace {

using vips::VImage;

// Beyond this sigma a smaller copy is blurred: the cost of the exact filter grows with sigma, and
// nobody sees the difference.
constexpr double kMaxExactSigma = 8;

VImage blurred(const VImage& image, double sigma) {
    if (sigma <= kMaxExactSigma) return image.gaussblur(sigma);
    const double most = std::min(image.width(), image.height());
    const int factor = static_cast<int>(std::clamp(std::floor(sigma / 4), 1.0, most));
    const VImage small = image.resize(
        std::ceil(image.width() / static_cast<double>(factor)) / image.width(),
        VImage::option()->set(
            "vscale", std::ceil(image.height() / static_cast<double>(factor)) / image.height()
        )
    );
    const double across = static_cast<double>(image.width()) / small.width();
    const double down = static_cast<double>(image.height()) / small.height();
    return small.gaussblur(sigma / factor)
        .copy_memory()
        .resize(across, VImage::option()->set("vscale", down)->set("kernel", VIPS_KERNEL_CUBIC));
}

VImage linear_8bit(const VImage& image, double slope, double offset) {
    // linear() cuts fractions off.
    return image.linear(slope, offset + 0.5, VImage::option()->set("uchar", true));
}

// The luminance weights of sRGB's primaries, on its numbers as they are: as CSS's saturate() does.
VImage saturated(const VImage& image, double factor) {
    constexpr double kRed = 0.2126, kGreen = 0.7152, kBlue = 0.0722;
    const double rest = 1 - factor;
    double weights[] = {
        rest * kRed + factor, rest * kGreen,          rest * kBlue,
        rest * kRed,          rest * kGreen + factor, rest * kBlue,
        rest * kRed,          rest * kGreen,          rest * kBlue + factor,
    };
    const VImage matrix = VImage::new_matrix(3, 3, weights, 9);
    return image.recomb(matrix).rint().cast(VIPS_FORMAT_UCHAR);
}

}  // namespace

// Transparent pixels have no colour to give to their neighbours, so alpha is multiplied in.
void blur(Work& work) {
    if (work.asked().blur_tenths == 0) return;
    const double sigma = work.asked().blur_tenths / 10.0;
    const auto interpretation = work.image.interpretation();
    VImage image = work.image;
    if (image.has_alpha()) image = image.premultiply();
    image = blurred(image, sigma);
    if (image.has_alpha()) image = image.unpremultiply();
    work.image =
        image.cast(VIPS_FORMAT_UCHAR).copy(VImage::option()->set("interpretation", interpretation));
}

// The differences from a slightly blurred copy, made stronger, in lightness alone: no colour
// fringes.
void sharpen(Work& work) {
    if (work.asked().sharpen_tenths == 0) return;
    const double strength = work.asked().sharpen_tenths / 10.0;
    work.image = on_colours(work.image, [strength](const VImage& image) {
        return image.sharpen(
            VImage::option()->set("sigma", 1.0)->set("m1", 0.0)->set("m2", 3 * strength)
        );
    });
}

// As CSS's filters of these names, in this order, with 100 % + the number asked for.
void adjust(Work& work) {
    const Transform& asked = work.asked();
    if (asked.brightness_percent != 0) {
        const double factor = 1 + asked.brightness_percent / 100.0;
        work.image = on_colours(work.image, [=](const VImage& image) {
            return linear_8bit(image, factor, 0);
        });
    }
    if (asked.contrast_percent != 0) {
        const double factor = 1 + asked.contrast_percent / 100.0;
        work.image = on_colours(work.image, [=](const VImage& image) {
            return linear_8bit(image, factor, 127.5 * (1 - factor));
        });
    }
    if (asked.saturation_percent != 0) {
        const double factor = 1 + asked.saturation_percent / 100.0;
        work.image =
            on_colours(work.image, [=](const VImage& image) { return saturated(image, factor); });
    }
}

void grayscale(Work& work) {
    if (!work.asked().grayscale) return;
    work.image = on_colours(work.image, [](const VImage& image) {
        const VImage grey = image.colourspace(VIPS_INTERPRETATION_B_W).cast(VIPS_FORMAT_UCHAR);
        return grey.bandjoin(grey).bandjoin(grey).copy(
            VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB)
        );
    });
}

}  // namespace pixgate::imaging::steps
