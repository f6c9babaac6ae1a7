#include "imaging/steps/steps.h"

namespace pixgate::imaging {

vips::VImage on_colours(
    const vips::VImage& image, const std::function<vips::VImage(const vips::VImage&)>& change
) {
    using vips::VImage;
    if (!image.has_alpha()) return change(image);
    const int colours = image.bands() - 1;
    const VImage alpha = image.extract_band(colours);
    const VImage changed =
        change(image.extract_band(0, VImage::option()->set("n", colours))
                   .copy(VImage::option()->set("interpretation", image.interpretation())));
    return changed.bandjoin(alpha).copy(
        VImage::option()->set("interpretation", image.interpretation())
    );
}

namespace steps {

void turn(Work& work) {
    vips::VImage& image = work.image;
    switch (work.orientation) {
        case 2:
            image = image.fliphor();
            break;
        case 3:
            image = image.rot180();
            break;
        case 4:
            image = image.flipver();
            break;
        case 5:
            image = image.rot90().fliphor();
            break;
        case 6:
            image = image.rot90();
            break;
        case 7:
            image = image.rot270().fliphor();
            break;
        case 8:
            image = image.rot270();
            break;
        default:
            break;
    }
}

}  // namespace steps
}  // namespace pixgate::imaging
