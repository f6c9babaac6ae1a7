#include <algorithm>

#include "imaging/decode.h"
#include "imaging/probe.h"
#include "imaging/steps/steps.h"

namespace pixgate::imaging::steps {
namespace {

// Shrinking while decoding is coarse: leave at least a factor of two to the good filter.
constexpr double kLeaveToFilter = 2.0;

double shrink_of(const Plan& plan) {
    return std::min(
        static_cast<double>(plan.crop.width_px) / plan.resized.width_px,
        static_cast<double>(plan.crop.height_px) / plan.resized.height_px
    );
}

LoadOptions options_for(const Work& work) {
    LoadOptions options;
    if (work.frames > 1) {
        options.pages = -1;
        return options;
    }
    // The border is looked for in every pixel, and what it leaves decides on the size.
    if (work.asked().trim_tolerance != 0) return options;
    const double shrink = shrink_of(work.stored);
    // Decoders add up the numbers as they are stored; what draws at a size adds up nothing.
    const bool may_shrink = !work.request.linear_light || work.source.format == Format::kSvg;
    if (!may_shrink) return options;
    if (work.source.format == Format::kJpeg) {
        while (options.shrink < 8 && shrink >= options.shrink * 2 * kLeaveToFilter)
            options.shrink *= 2;
    } else if (work.source.format == Format::kWebp) {
        options.scale = std::min(1.0, kLeaveToFilter / shrink);
    } else if (work.source.format == Format::kSvg) {
        options.scale = 1 / shrink;  // drawn at the size that is wanted
    }
    return options;
}

// One frame as it is stored: a GIF's may stick out of its screen, and what is drawn has any size.
bool is_whole(const Work& work, const LoadOptions& options) {
    return work.frames == 1 && options.shrink == 1 && options.scale == 1.0 &&
           work.source.format != Format::kGif && work.source.format != Format::kSvg;
}

}  // namespace

void plan(Work& work) {
    const Size source{work.source.width_px, work.source.height_px};
    if (crops_outside(source, work.request)) {
        work.refusal = Refusal::kCropOutside;
        return;
    }
    work.orientation = orientation_after(work.source.orientation, work.asked());
    work.plan = plan_transform(source, work.request);
    work.stored = as_stored(work.plan, work.orientation);
    const std::uint64_t pixels =
        std::uint64_t{work.plan.canvas.width_px} * work.plan.canvas.height_px;
    if (pixels * work.frames > work.request.max_total_output_pixels)
        work.refusal = Refusal::kOutputTooLarge;
}

void open(Work& work) {
    const LoadOptions options = options_for(work);
    work.opened = open_picture(work.data, work.source.format, options);
    work.image = work.opened;
    // What the decoder says counts, whatever the header said.
    const auto width = static_cast<std::uint64_t>(work.image.width());
    const auto height = static_cast<std::uint64_t>(work.image.height());
    work.refusal =
        check_limits(work.request.limits, width, height / work.frames, 1, width * height);
    const bool has_other_size =
        work.frames > 1 &&
        (height % work.frames != 0 ||
         static_cast<std::uint64_t>(vips_image_get_page_height(work.image.get_image())) !=
             height / work.frames);
    if (has_other_size) throw vips::VError("frames are not as many as the header says");
    const Size& said = work.stored.source;
    if (is_whole(work, options) && (width != said.width_px || height != said.height_px))
        throw vips::VError("not of the size that the header says");
}

}  // namespace pixgate::imaging::steps
