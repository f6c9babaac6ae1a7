#include <algorithm>

#include "imaging/steps/steps.h"

namespace pixgate::imaging::steps {
namespace {

using vips::VImage;

std::vector<double> colour_of(const Rgb& colour) {
    return {
        static_cast<double>(colour.red), static_cast<double>(colour.green),
        static_cast<double>(colour.blue)
    };
}

bool can_be_transparent(OutputFormat format) {
    return format != OutputFormat::kJpeg;
}

bool is_flattened(const Work& work) {
    return work.asked().background.has_value() || !can_be_transparent(work.asked().format);
}

}  // namespace

void pad(Work& work) {
    const Plan& plan = work.plan;
    if (plan.canvas == plan.resized) return;
    auto background = colour_of(work.asked().background.value_or(Rgb{}));
    if (!is_flattened(work) && !work.image.has_alpha())
        work.image = work.image.bandjoin_const({255});
    // A picture that is to be flattened anyway gets its border opaque.
    if (work.image.has_alpha()) background.push_back(is_flattened(work) ? 255 : 0);
    const auto px = [](std::uint32_t value) { return static_cast<int>(value); };
    work.image = work.image.embed(
        px(plan.resized_at.left_px), px(plan.resized_at.top_px), px(plan.canvas.width_px),
        px(plan.canvas.height_px),
        VImage::option()->set("extend", VIPS_EXTEND_BACKGROUND)->set("background", background)
    );
}

void flatten(Work& work) {
    if (!work.image.has_alpha() || !is_flattened(work)) return;
    const auto background = colour_of(work.asked().background.value_or(Rgb{}));
    work.image = work.image.flatten(VImage::option()->set("background", background));
}

}  // namespace pixgate::imaging::steps
