#include "imaging/planes/rgb.h"

#include <algorithm>

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

}  // namespace

std::vector<std::uint8_t> to_rgba(const Planes& planes) {
    std::vector<std::uint8_t> out(std::size_t{planes.y.width()} * planes.y.height() * 4);
    std::uint8_t* to = out.data();
    for (std::uint32_t row = 0; row < planes.y.height(); ++row) {
        for (std::uint32_t x = 0; x < planes.y.width(); ++x, to += 4) {
            const std::int32_t y = planes.y.row(row)[x];
            const std::int32_t cb = planes.is_grey() ? 0 : planes.cb.row(row)[x] - 128;
            const std::int32_t cr = planes.is_grey() ? 0 : planes.cr.row(row)[x] - 128;
            const std::int32_t red = y + ((fixed(1.402) * cr + kHalf) >> 16);
            const std::int32_t green =
                y + ((fixed(-0.344136) * cb + fixed(-0.714136) * cr + kHalf) >> 16);
            const std::int32_t blue = y + ((fixed(1.772) * cb + kHalf) >> 16);
            const std::int32_t alpha = planes.alpha.is_empty() ? 255 : planes.alpha.row(row)[x];
            to[0] = divided(clamped(red), alpha);
            to[1] = divided(clamped(green), alpha);
            to[2] = divided(clamped(blue), alpha);
            to[3] = static_cast<std::uint8_t>(alpha);
        }
    }
    return out;
}

Planes from_pixels(const std::uint8_t* pixels, Size size, int bands) {
    Planes out;
    out.width = size.width_px;
    out.height = size.height_px;
    out.y = Plane(size.width_px, size.height_px);
    if (bands >= 3) {
        out.cb = Plane(size.width_px, size.height_px);
        out.cr = Plane(size.width_px, size.height_px);
    }
    const bool has_alpha = bands == 2 || bands == 4;
    if (has_alpha) out.alpha = Plane(size.width_px, size.height_px);
    for (std::uint32_t row = 0; row < size.height_px; ++row) {
        for (std::uint32_t x = 0; x < size.width_px; ++x, pixels += bands) {
            const Pixel p = read(pixels, bands);
            if (has_alpha) out.alpha.row(row)[x] = static_cast<std::uint8_t>(p.alpha);
            if (bands < 3) {
                out.y.row(row)[x] = static_cast<std::uint8_t>(p.red);
                continue;
            }
            const std::int32_t y =
                fixed(0.299) * p.red + fixed(0.587) * p.green + fixed(0.114) * p.blue;
            const std::int32_t cb =
                fixed(-0.168736) * p.red + fixed(-0.331264) * p.green + fixed(0.5) * p.blue;
            const std::int32_t cr =
                fixed(0.5) * p.red + fixed(-0.418688) * p.green + fixed(-0.081312) * p.blue;
            out.y.row(row)[x] = clamped((y + kHalf) >> 16);
            out.cb.row(row)[x] = clamped(((cb + kHalf) >> 16) + 128);
            out.cr.row(row)[x] = clamped(((cr + kHalf) >> 16) + 128);
        }
    }
    return out;
}

}  // namespace pixgate::imaging
