// Makes a plane of another size with a Lanczos filter of three lobes, wider where it shrinks.
// Integer arithmetic: the same bytes on every processor.
#pragma once

#include <cstdint>
#include <vector>

#include "imaging/planes/planes.h"

namespace pixgate::imaging {

// Sample i of the result stands for source positions start + i * step to start + (i + 1) * step,
// where the source's sample k stands for k to k + 1. Outside of the source its edge goes on.
struct Axis {
    double start = 0;
    double step = 1;
    std::uint32_t count = 1;
    bool is_copy() const {
        return step == 1 && start == static_cast<double>(static_cast<int>(start));
    }
};

// For result i: samples first[i] and the taps behind it, with these weights, whose sum is
// 1 << kWeightBits. All of them are inside of the source, but for weights of 0.
struct Weights {
    static constexpr int kBits = 14;
    std::uint32_t taps = 0;  // a multiple of what was asked for
    std::vector<std::uint32_t> first;
    std::vector<std::int16_t> values;  // taps for each result
};
Weights make_weights(const Axis& axis, std::uint32_t source_count, std::uint32_t taps_multiple);

Plane resample(const Plane& source, const Axis& across, const Axis& down);

// The same for a source whose rows come one after another, from the top: keeps only as many as the
// filter is high.
class RowResampler {
public:
    RowResampler(Size source, const Axis& across, const Axis& down);
    // `row` has the width of the source, and Plane::kRoom readable bytes behind it.
    void push(const std::uint8_t* row);
    // After the last row of the source.
    Plane take() { return std::move(out_); }

private:
    const std::uint8_t* kept_row(std::uint32_t y) const;
    void make_row();

    Size source_;
    Weights across_, down_;
    Plane kept_;  // the last rows, each at its number modulo the height
    Plane out_;
    std::uint32_t pushed_ = 0, made_ = 0;
    std::vector<const std::uint8_t*> rows_;
    std::vector<std::int16_t> line_;
};

// For tests: kernels without the processor's vector instructions from here on.
void use_portable_kernels(bool only);

}  // namespace pixgate::imaging
