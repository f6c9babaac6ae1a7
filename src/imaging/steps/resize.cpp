#include "imaging/steps/steps.h"

namespace pixgate::imaging::steps {

using vips::VImage;

// Averages of light are right in linear light only; sRGB's numbers are not linear. Most pictures
// look the same either way, so this is asked for where fine bright detail matters.
void to_linear(Work& work) {
    if (!work.request.linear_light) return;
    to_output_colours(work);
    work.image = work.image.colourspace(VIPS_INTERPRETATION_scRGB);
}

void premultiply(Work& work) {
    work.format = work.image.format();
    if (!work.image.has_alpha()) return;
    // In linear light alpha still counts to 255.
    work.image = work.image.premultiply();
}

void resize(Work& work) {
    const Size& size = work.stored.resized;
    const double across = static_cast<double>(size.width_px) / work.image.width();
    const double down = static_cast<double>(size.height_px) / work.image.height();
    if (across == 1 && down == 1) return;
    work.image = work.image.resize(across, VImage::option()->set("vscale", down));
}

void unpremultiply(Work& work) {
    if (work.image.has_alpha()) work.image = work.image.unpremultiply().cast(work.format);
}

void settle(Work& work) {
    work.image = work.image.copy_memory();
}

}  // namespace pixgate::imaging::steps
