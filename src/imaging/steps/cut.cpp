#include <algorithm>
#include <cmath>

#include "imaging/steps/steps.h"

namespace pixgate::imaging::steps {
namespace {

using vips::VImage;

// How many pixels of the decoded picture there are for one of the stored picture.
struct Scale {
    double across = 1, down = 1;
};

Scale scale_of(const Work& work) {
    return {
        static_cast<double>(work.image.width()) / work.stored.source.width_px,
        static_cast<double>(work.image.height()) / work.stored.source.height_px
    };
}

struct Cut {
    int left = 0, top = 0, width = 1, height = 1;
};

Cut scaled(Point at, Size size, const Scale& scale, const VImage& image) {
    const auto of = [](std::uint32_t px, double factor, int least, int most) {
        return std::clamp(static_cast<int>(std::lround(px * factor)), least, most);
    };
    Cut cut;
    cut.width = of(size.width_px, scale.across, 1, image.width());
    cut.height = of(size.height_px, scale.down, 1, image.height());
    cut.left = of(at.left_px, scale.across, 0, image.width() - cut.width);
    cut.top = of(at.top_px, scale.down, 0, image.height() - cut.height);
    return cut;
}

// White where a pixel is further than `tolerance` (of 255) from the top left one.
VImage differs_from_corner(const VImage& image, int tolerance) {
    const VImage seen = image.has_alpha() ? image.premultiply() : image;
    const double unit = image.format() == VIPS_FORMAT_USHORT ? 257 : 1;
    auto corner = seen.getpoint(0, 0);
    for (double& value : corner) value = -value;
    const std::vector<double> ones(corner.size(), 1.0);
    return seen.linear(ones, corner)
        .abs()
        .relational_const(VIPS_OPERATION_RELATIONAL_MORE, std::vector<double>{tolerance * unit})
        .bandor();
}

}  // namespace

void trim(Work& work) {
    const int tolerance = work.asked().trim_tolerance;
    if (tolerance == 0 || work.frame != 0) return;
    work.image = work.image.copy_memory();
    int top = 0, width = 0, height = 0;
    const int left = differs_from_corner(work.image, tolerance)
                         .find_trim(
                             &top, &width, &height,
                             VImage::option()
                                 ->set("threshold", 128.0)
                                 ->set("background", std::vector<double>{0.0})
                         );
    if (width <= 0 || height <= 0) return;  // even all over: nothing to keep, so all of it
    const auto px = [](int value) { return static_cast<std::uint32_t>(value); };
    const Rect left_over = turned(
        {{px(left), px(top)}, {px(width), px(height)}}, work.stored.source, work.orientation
    );
    const Size upright{work.source.width_px, work.source.height_px};
    work.plan = plan_transform(upright, work.request, &left_over);
    work.stored = as_stored(work.plan, work.orientation);
}

void focus(Work& work) {
    Plan& plan = work.stored;
    const bool is_smart = work.asked().gravity.kind == GravityKind::kSmart && work.frame == 0;
    if (!is_smart || plan.crop == plan.region.size) return;
    work.image = work.image.copy_memory();
    const Scale scale = scale_of(work);
    const Cut region = scaled(plan.region.at, plan.region.size, scale, work.image);
    const Cut cut = scaled(plan.crop_at, plan.crop, scale, work.image);
    const VImage chosen =
        work.image.extract_area(region.left, region.top, region.width, region.height)
            .copy(VImage::option()->set("xoffset", 0)->set("yoffset", 0))
            .smartcrop(
                std::min(cut.width, region.width), std::min(cut.height, region.height),
                VImage::option()->set("interesting", VIPS_INTERESTING_ATTENTION)
            );
    const auto moved = [](std::uint32_t from, int offset, double factor, std::uint32_t room) {
        const auto px = static_cast<std::uint32_t>(std::lround(std::max(0, -offset) / factor));
        return from + std::min(px, room);
    };
    plan.crop_at = {
        moved(
            plan.region.at.left_px, chosen.xoffset(), scale.across,
            plan.region.size.width_px - plan.crop.width_px
        ),
        moved(
            plan.region.at.top_px, chosen.yoffset(), scale.down,
            plan.region.size.height_px - plan.crop.height_px
        )
    };
}

void crop(Work& work) {
    const Plan& plan = work.stored;
    if (plan.crop == plan.source) return;
    const Cut cut = scaled(plan.crop_at, plan.crop, scale_of(work), work.image);
    work.image = work.image.extract_area(cut.left, cut.top, cut.width, cut.height);
}

}  // namespace pixgate::imaging::steps
