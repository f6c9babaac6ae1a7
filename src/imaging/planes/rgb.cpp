#include "imaging/planes/rgb.h"

#include <algorithm>

#include "imaging/planes/jpeg_reader.h"

namespace pixgate::imaging {
namespace {

// 16 bits behind the point.
constexpr std::int32_t fixed(double value) {
    return static_cast<std::int32_t>(value * 65536 + (value < 0 ? -0.5 : 0.5));
}
constexpr std::int32_t kHalf = 1 << 15;

std::uint8_t clamped(std::int32_t value) {
    return static_cast<std::uint8_t>(std::clamp(value, 0, 255));
}

// A multiplied value back; rounding may have left it a little over alpha.
std::uint8_t divided(std::int32_t value, std::int32_t alpha) {
    return alpha == 0 ? std::uint8_t{0} : clamped((value * 255 + alpha / 2) / alpha);
}

std::uint8_t multiplied(std::int32_t value, std::int32_t alpha) {
    return static_cast<std::uint8_t>((value * alpha + 127) / 255);
}

struct Pixel {
    std::int32_t red, green, blue, alpha;
};

Pixel read(const std::uint8_t* at, int bands) {
    Pixel pixel{at[0], at[0], at[0], 255};
    if (bands >= 3) pixel = {at[0], at[1], at[2], 255};
    if (bands == 2 || bands == 4) {
        pixel.alpha = at[bands - 1];
        pixel.red = multiplied(pixel.red, pixel.alpha);
        pixel.green = multiplied(pixel.green, pixel.alpha);
        pixel.blue = multiplied(pixel.blue, pixel.alpha);
    }
    return pixel;
}

template <std::size_t kBands>
std::vector<std::uint8_t> interleaved(const Planes& planes) {
    const std::uint32_t width = planes.y.width();
    std::vector<std::uint8_t> out(std::size_t{width} * planes.y.height() * kBands);
    std::uint8_t* to = out.data();
    for (std::uint32_t row = 0; row < planes.y.height(); ++row) {
        const std::uint8_t* of_y = planes.y.row(row);
        const std::uint8_t* of_cb = planes.is_grey() ? nullptr : planes.cb.row(row);
        const std::uint8_t* of_cr = planes.is_grey() ? nullptr : planes.cr.row(row);
        const std::uint8_t* of_alpha = planes.alpha.is_empty() ? nullptr : planes.alpha.row(row);
        for (std::uint32_t x = 0; x < width; ++x, to += kBands) {
            const std::int32_t y = of_y[x];
            const std::int32_t cb = of_cb == nullptr ? 0 : of_cb[x] - 128;
            const std::int32_t cr = of_cr == nullptr ? 0 : of_cr[x] - 128;
            const std::int32_t red = clamped(y + ((fixed(1.402) * cr + kHalf) >> 16));
            const std::int32_t green =
                clamped(y + ((fixed(-0.344136) * cb + fixed(-0.714136) * cr + kHalf) >> 16));
            const std::int32_t blue = clamped(y + ((fixed(1.772) * cb + kHalf) >> 16));
            const std::int32_t alpha = of_alpha == nullptr ? 255 : of_alpha[x];
            to[0] = alpha == 255 ? clamped(red) : divided(red, alpha);
            to[1] = alpha == 255 ? clamped(green) : divided(green, alpha);
            to[2] = alpha == 255 ? clamped(blue) : divided(blue, alpha);
            if constexpr (kBands == 4) to[3] = static_cast<std::uint8_t>(alpha);
        }
    }
    return out;
}

// One row of pixels to `y`, and to `cb` and `cr` unless there is no colour, and to `alpha`.
template <int kBands>
void split(
    const std::uint8_t* __restrict pixels,
    std::uint32_t width,
    std::uint8_t* __restrict of_y,
    std::uint8_t* __restrict of_cb,
    std::uint8_t* __restrict of_cr,
    std::uint8_t* __restrict of_alpha
) {
    for (std::uint32_t x = 0; x < width; ++x) {
        const Pixel p = read(pixels + std::size_t{x} * kBands, kBands);
        if constexpr (kBands % 2 == 0) of_alpha[x] = static_cast<std::uint8_t>(p.alpha);
        if constexpr (kBands < 3) {
            of_y[x] = static_cast<std::uint8_t>(p.red);
        } else {
            const std::int32_t y =
                fixed(0.299) * p.red + fixed(0.587) * p.green + fixed(0.114) * p.blue;
            const std::int32_t cb =
                fixed(-0.168736) * p.red + fixed(-0.331264) * p.green + fixed(0.5) * p.blue;
            const std::int32_t cr =
                fixed(0.5) * p.red + fixed(-0.418688) * p.green + fixed(-0.081312) * p.blue;
            of_y[x] = clamped((y + kHalf) >> 16);
            of_cb[x] = clamped(((cb + kHalf) >> 16) + 128);
            of_cr[x] = clamped(((cr + kHalf) >> 16) + 128);
        }
    }
}

// Of each two rows one, the last alone where their number is odd.
Planes in_half_chroma(const std::uint8_t* pixels, Size size) {
    Planes out;
    out.width = size.width_px;
    out.height = size.height_px;
    out.chroma = kHalfChroma;
    out.y = Plane(size.width_px, size.height_px);
    out.cb = Plane(ceil_div(size.width_px, 2), ceil_div(size.height_px, 2));
    out.cr = Plane(out.cb.width(), out.cb.height());
    Plane cb(size.width_px, 2), cr(size.width_px, 2);
    for (std::uint32_t row = 0; row < size.height_px; ++row) {
        const std::size_t at = row % 2;
        split<3>(pixels, size.width_px, out.y.row(row), cb.row(at), cr.row(at), nullptr);
        pixels += std::size_t{size.width_px} * 3;
        if (at == 0 && row + 1 < size.height_px) continue;
        halve_rows(cb.row(0), cb.row(at), size.width_px, out.cb.row(row / 2));
        halve_rows(cr.row(0), cr.row(at), size.width_px, out.cr.row(row / 2));
    }
    return out;
}

}  // namespace

Pixels to_pixels(const Planes& planes) {
    Pixels out;
    out.size = planes.size();
    out.bands = planes.alpha.is_empty() ? 3 : 4;
    out.samples = out.bands == 3 ? interleaved<3>(planes) : interleaved<4>(planes);
    return out;
}

std::vector<std::uint8_t> to_rgba(const Planes& planes) {
    return interleaved<4>(planes);
}

Planes from_pixels(const std::uint8_t* pixels, Size size, int bands, Subsampling chroma) {
    if (bands == 3 && chroma == kHalfChroma) return in_half_chroma(pixels, size);
    Planes out;
    out.width = size.width_px;
    out.height = size.height_px;
    out.y = Plane(size.width_px, size.height_px);
    if (bands >= 3) {
        out.cb = Plane(size.width_px, size.height_px);
        out.cr = Plane(size.width_px, size.height_px);
    }
    if (bands == 2 || bands == 4) out.alpha = Plane(size.width_px, size.height_px);
    const auto split_row = bands == 1   ? &split<1>
                           : bands == 2 ? &split<2>
                           : bands == 3 ? &split<3>
                                        : &split<4>;
    const auto row_of = [](Plane& plane, std::uint32_t row) {
        return plane.is_empty() ? nullptr : plane.row(row);
    };
    for (std::uint32_t row = 0; row < size.height_px; ++row) {
        split_row(
            pixels, size.width_px, out.y.row(row), row_of(out.cb, row), row_of(out.cr, row),
            row_of(out.alpha, row)
        );
        pixels += std::size_t{size.width_px} * static_cast<std::size_t>(bands);
    }
    return out;
}

}  // namespace pixgate::imaging
