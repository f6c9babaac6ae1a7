#include "imaging/planes/render.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace pixgate::imaging {
namespace {

constexpr std::uint32_t kTile = 32;

bool mirrors_across(std::uint8_t orientation) {
    return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}

bool mirrors_down(std::uint8_t orientation) {
    return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
}

Plane mirrored(const Plane& source, bool across, bool down) {
    Plane out(source.width(), source.height());
    for (std::uint32_t y = 0; y < out.height(); ++y) {
        const std::uint8_t* from = source.row(down ? out.height() - 1 - y : y);
        if (across) {
            std::reverse_copy(from, from + out.width(), out.row(y));
        } else {
            std::memcpy(out.row(y), from, out.width());
        }
    }
    return out;
}

// Rows become columns; `across` and `down` say which sides of the source change places.
Plane transposed(const Plane& source, bool across, bool down) {
    Plane out(source.height(), source.width());
    for (std::uint32_t top = 0; top < out.height(); top += kTile) {
        for (std::uint32_t left = 0; left < out.width(); left += kTile) {
            const std::uint32_t bottom = std::min(top + kTile, out.height());
            const std::uint32_t right = std::min(left + kTile, out.width());
            for (std::uint32_t y = top; y < bottom; ++y) {
                const std::size_t x_from = across ? out.height() - 1 - y : y;
                std::uint8_t* to = out.row(y);
                for (std::uint32_t x = left; x < right; ++x)
                    to[x] = source.row(down ? out.width() - 1 - x : x)[x_from];
            }
        }
    }
    return out;
}

Axis axis_of(
    double start, double step, std::uint32_t count, unsigned source, unsigned wanted, bool mirrored
) {
    const std::uint32_t samples = ceil_div(count, wanted);
    // The last sample of an odd number stands for what is beyond the edge too. Mirrored, it comes
    // to lie first, where the grid begins.
    const double beyond = static_cast<double>(samples) * wanted - count;
    if (mirrored) start -= beyond * step;
    return {start / source, step * wanted / source, samples};
}

bool is_whole(const Axis& axis, std::uint32_t samples) {
    return axis.is_copy() && axis.start == 0 && axis.count == samples;
}

// Sides that differ by less than a sample are the same side, rounded: better copied than blurred.
double settled(double step, std::uint32_t count) {
    return std::abs(step - 1) * count < 1 ? 1 : step;
}

}  // namespace

Axes axes_of(
    const Rendering& how, double width, double height, Subsampling source, Subsampling wanted
) {
    const double x_scale = width / how.input.width_px, y_scale = height / how.input.height_px;
    const double x_step =
        settled(how.crop.size.width_px * x_scale / how.resized.width_px, how.resized.width_px);
    const double y_step =
        settled(how.crop.size.height_px * y_scale / how.resized.height_px, how.resized.height_px);
    return {
        axis_of(
            how.crop.at.left_px * x_scale, x_step, how.resized.width_px, source.across,
            wanted.across, mirrors_across(how.orientation)
        ),
        axis_of(
            how.crop.at.top_px * y_scale, y_step, how.resized.height_px, source.down, wanted.down,
            mirrors_down(how.orientation)
        )
    };
}

Plane turn(Plane plane, std::uint8_t orientation) {
    if (orientation <= 1 || orientation > 8 || plane.is_empty()) return plane;
    const bool across = mirrors_across(orientation), down = mirrors_down(orientation);
    return swaps_sides(orientation) ? transposed(plane, across, down)
                                    : mirrored(plane, across, down);
}

Planes render(const Planes& source, const Rendering& how) {
    const auto one = [&](const Plane& plane, Subsampling of_source, Subsampling wanted) {
        if (plane.is_empty()) return Plane();
        const Axes axes = axes_of(how, source.width, source.height, of_source, wanted);
        return turn(resample(plane, axes.across, axes.down), how.orientation);
    };
    Planes out;
    out.chroma = how.chroma;
    out.y = one(source.y, kFullChroma, kFullChroma);
    out.alpha = one(source.alpha, kFullChroma, kFullChroma);
    out.cb = one(source.cb, source.chroma, how.chroma);
    out.cr = one(source.cr, source.chroma, how.chroma);
    out.width = out.y.width();
    out.height = out.y.height();
    return out;
}

Planes render(Planes&& source, const Rendering& how) {
    const auto one = [&](Plane plane, Subsampling of_source, Subsampling wanted) {
        if (plane.is_empty()) return Plane();
        const Axes axes = axes_of(how, source.width, source.height, of_source, wanted);
        if (!is_whole(axes.across, plane.width()) || !is_whole(axes.down, plane.height()))
            plane = resample(plane, axes.across, axes.down);
        return turn(std::move(plane), how.orientation);
    };
    Planes out;
    out.chroma = how.chroma;
    out.y = one(std::move(source.y), kFullChroma, kFullChroma);
    out.alpha = one(std::move(source.alpha), kFullChroma, kFullChroma);
    out.cb = one(std::move(source.cb), source.chroma, how.chroma);
    out.cr = one(std::move(source.cr), source.chroma, how.chroma);
    out.width = out.y.width();
    out.height = out.y.height();
    return out;
}

}  // namespace pixgate::imaging
