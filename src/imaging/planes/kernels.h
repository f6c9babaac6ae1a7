// The inner loops of resampling, for the processor at hand. Every set gives the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pixgate::imaging {

inline constexpr int kLineFraction = 6;  // bits behind the point of a line of 16-bit samples
inline constexpr std::uint32_t kVerticalTaps = 2,
                               kHorizontalTaps = 8;  // they come in these numbers

struct Kernels {
    // line[x] = sum of rows[k][x] * weights[k]; up to 31 samples more are read and written.
    void (*blend_rows)(
        const std::uint8_t* const* rows,
        const std::int16_t* weights,
        std::size_t taps,
        std::size_t width,
        std::int16_t* line
    );
    // out[i] = sum of line[first[i] + k] * weights[i * taps + k].
    void (*filter_line)(
        const std::int16_t* line,
        const std::uint32_t* first,
        const std::int16_t* weights,
        std::size_t taps,
        std::size_t count,
        std::uint8_t* out
    );
};

const Kernels& portable_kernels();
const Kernels& best_kernels();

}  // namespace pixgate::imaging
