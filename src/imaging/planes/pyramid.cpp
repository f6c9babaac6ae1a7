#include "imaging/planes/pyramid.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace pixgate::imaging {
namespace {

// How much larger a level is than what is made of it, at least; closer, its own filter would show.
constexpr double kMargin = 1.5;
constexpr std::uint32_t kSmallestSide = 16;

Plane shrunk(const Plane& source, double step_x, double step_y, Size to) {
    if (source.is_empty()) return {};
    return resample(source, {0, step_x, to.width_px}, {0, step_y, to.height_px});
}

}  // namespace

Planes halved(const Planes& source) {
    Planes out;
    out.width = source.width / 2;
    out.height = source.height / 2;
    out.chroma = kHalfChroma;
    const Size half{ceil_div(source.y.width(), 2), ceil_div(source.y.height(), 2)};
    const Size quarter{ceil_div(half.width_px, 2), ceil_div(half.height_px, 2)};
    out.y = shrunk(source.y, 2, 2, half);
    const double across = 4.0 / source.chroma.across, down = 4.0 / source.chroma.down;
    out.cb = shrunk(source.cb, across, down, quarter);
    out.cr = shrunk(source.cr, across, down, quarter);
    out.alpha = shrunk(source.alpha, 2, 2, half);
    return out;
}

Planes& Pyramid::level_for(const Rendering& how) {
    const double across = static_cast<double>(how.resized.width_px) / how.crop.size.width_px;
    const double down = static_cast<double>(how.resized.height_px) / how.crop.size.height_px;
    const double wanted = std::max(across, down);
    const bool is_whole = how.crop == Rect{{0, 0}, how.input};
    for (std::size_t at = 0;; ++at) {
        Planes& level = levels_[at];
        const double half = scale_of(level) / 2;
        const Size size{ceil_div(level.y.width(), 2), ceil_div(level.y.height(), 2)};
        if (size == level.size()) return level;  // one pixel has no half
        // The half itself may be what is asked for.
        const bool is_it = is_whole && how.chroma == kHalfChroma && how.resized == size;
        const bool is_enough =
            half >= wanted * kMargin && std::min(size.width_px, size.height_px) >= kSmallestSide;
        if (!is_it && !is_enough) return level;
        if (at + 1 == levels_.size()) levels_.push_back(halved(level));
    }
}

Planes Pyramid::make(const Rendering& how) {
    return render(level_for(how), how);
}

Planes Pyramid::make_last(const Rendering& how) {
    Planes level = std::move(level_for(how));
    levels_.clear();
    return render(std::move(level), how);
}

}  // namespace pixgate::imaging
