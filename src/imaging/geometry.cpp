#include "imaging/geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace pixgate::imaging {
namespace {

std::uint32_t scaled(std::uint32_t side_px, double scale, std::uint32_t max_px) {
    const double exact = std::round(side_px * scale);
    return static_cast<std::uint32_t>(std::clamp(exact, 1.0, static_cast<double>(max_px)));
}

Plan plan_cover(Size source, const TransformRequest& request) {
    const double scale = std::max(
        static_cast<double>(request.transform.width_px) / source.width_px,
        static_cast<double>(request.transform.height_px) / source.height_px
    );
    Plan plan;
    plan.crop.width_px = scaled(request.transform.width_px, 1 / scale, source.width_px);
    plan.crop.height_px = scaled(request.transform.height_px, 1 / scale, source.height_px);
    plan.resized = plan.canvas = {request.transform.width_px, request.transform.height_px};
    return plan;
}

}  // namespace

Plan plan_transform(Size source, const TransformRequest& request) {
    const bool has_box = request.transform.width_px != 0 && request.transform.height_px != 0;
    if (request.transform.fit == Fit::kCover && has_box) return plan_cover(source, request);

    constexpr double kFree = std::numeric_limits<double>::infinity();
    const double across = request.transform.width_px == 0
                              ? kFree
                              : static_cast<double>(request.transform.width_px) / source.width_px;
    const double down = request.transform.height_px == 0
                            ? kFree
                            : static_cast<double>(request.transform.height_px) / source.height_px;
    double scale = std::min(across, down);
    if (scale == kFree) scale = 1;
    if (request.transform.fit == Fit::kScaleDown) scale = std::min(scale, 1.0);
    const double longest_px = std::max(source.width_px, source.height_px);
    scale = std::min(scale, request.max_side_px / longest_px);

    Plan plan;
    plan.crop = source;
    plan.resized.width_px = scaled(source.width_px, scale, request.max_side_px);
    plan.resized.height_px = scaled(source.height_px, scale, request.max_side_px);
    plan.canvas = plan.resized;
    if (request.transform.fit == Fit::kPad && has_box)
        plan.canvas = {request.transform.width_px, request.transform.height_px};
    return plan;
}

}  // namespace pixgate::imaging
