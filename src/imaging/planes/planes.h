// A picture as its encoders and decoders see it inside: brightness and two colour differences
// (BT.601, full range, as JFIF has them), each a plane of its own size, and perhaps alpha.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>

#include "imaging/geometry.h"

namespace pixgate::imaging {

// One byte a sample. Rows lie `stride` bytes apart; at least kRoom bytes behind each row may be
// read and written, so that kernels and encoders may go past its end.
class Plane {
public:
    static constexpr std::size_t kRoom = 64;

    Plane() = default;
    // What the samples are is not said.
    Plane(std::uint32_t width, std::uint32_t height)
        : width_(width),
          height_(height),
          stride_((width + kRoom + 31) / 32 * 32),
          samples_(std::make_unique_for_overwrite<std::uint8_t[]>(stride_ * height + kRoom)) {}

    std::uint32_t width() const { return width_; }
    std::uint32_t height() const { return height_; }
    std::size_t stride() const { return stride_; }
    bool is_empty() const { return width_ == 0 || height_ == 0; }
    std::uint8_t* row(std::size_t y) { return samples_.get() + y * stride_; }
    const std::uint8_t* row(std::size_t y) const { return samples_.get() + y * stride_; }
    void fill(std::uint8_t value) { std::memset(samples_.get(), value, stride_ * height_); }

private:
    std::uint32_t width_ = 0;
    std::uint32_t height_ = 0;
    std::size_t stride_ = 0;
    std::unique_ptr<std::uint8_t[]> samples_;
};

// How many samples of brightness one of colour stands for, across and down. Samples are centred in
// the area that they stand for.
struct Subsampling {
    std::uint8_t across = 1;
    std::uint8_t down = 1;
    bool operator==(const Subsampling&) const = default;
};
inline constexpr Subsampling kFullChroma{1, 1}, kHalfChroma{2, 2};

struct Planes {
    Plane y, cb, cr;  // cb and cr are empty for grey pictures
    Plane alpha;      // empty, or as large as y; the others are multiplied by it then
    Subsampling chroma;
    // What of y is picture: a side of a picture that was decoded at a fraction of its size need not
    // be a whole number.
    double width = 0;
    double height = 0;

    bool is_grey() const { return cb.is_empty(); }
    Size size() const { return {y.width(), y.height()}; }
};

constexpr std::uint32_t ceil_div(std::uint32_t a, std::uint32_t b) {
    return (a + b - 1) / b;
}

}  // namespace pixgate::imaging
