#include <algorithm>
#include <array>

#include "imaging/steps/steps.h"

namespace pixgate::imaging::steps {
namespace {

using vips::VImage;

// In the colours of the output.
std::vector<double> colour_of(const Work& work, const Rgb& colour) {
    std::array<std::uint8_t, 3> samples{colour.red, colour.green, colour.blue};
    const VImage pixel =
        VImage::new_from_memory(samples.data(), samples.size(), 1, 1, 3, VIPS_FORMAT_UCHAR)
            .copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB));
    return in_output_colours(work, pixel).getpoint(0, 0);
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
    auto background = colour_of(work, work.asked().background.value_or(Rgb{}));
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
    const auto background = colour_of(work, work.asked().background.value_or(Rgb{}));
    work.image = work.image.flatten(VImage::option()->set("background", background));
}

}  // namespace pixgate::imaging::steps
