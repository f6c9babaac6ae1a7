#include "imaging/planes/kernels.h"

#include <algorithm>
#include <limits>

#include "imaging/planes/resample.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace pixgate::imaging {
namespace {

constexpr int kBlendShift = Weights::kBits - kLineFraction;
constexpr int kFilterShift = Weights::kBits + kLineFraction;
constexpr std::int32_t kBlendHalf = 1 << (kBlendShift - 1);
constexpr std::int32_t kFilterHalf = 1 << (kFilterShift - 1);

std::int16_t to_line(std::int32_t sum) {
    const std::int32_t value = (sum + kBlendHalf) >> kBlendShift;
    return static_cast<std::int16_t>(std::clamp<std::int32_t>(
        value, std::numeric_limits<std::int16_t>::min(), std::numeric_limits<std::int16_t>::max()
    ));
}

std::uint8_t to_sample(std::int32_t sum) {
    return static_cast<std::uint8_t>(std::clamp((sum + kFilterHalf) >> kFilterShift, 0, 255));
}

void blend_rows_portable(
    const std::uint8_t* const* rows,
    const std::int16_t* weights,
    std::size_t taps,
    std::size_t width,
    std::int16_t* line
) {
    for (std::size_t x = 0; x < width; ++x) {
        std::int32_t sum = 0;
        for (std::size_t k = 0; k < taps; ++k) sum += rows[k][x] * weights[k];
        line[x] = to_line(sum);
    }
}

void filter_line_portable(
    const std::int16_t* line,
    const std::uint32_t* first,
    const std::int16_t* weights,
    std::size_t taps,
    std::size_t count,
    std::uint8_t* out
) {
    for (std::size_t i = 0; i < count; ++i, weights += taps) {
        std::int32_t sum = 0;
        const std::int16_t* from = line + first[i];
        for (std::size_t k = 0; k < taps; ++k) sum += from[k] * weights[k];
        out[i] = to_sample(sum);
    }
}

constexpr Kernels kPortable{&blend_rows_portable, &filter_line_portable};

#ifdef __x86_64__

// Two rows' samples side by side, as 16-bit numbers, times the two weights.
[[gnu::target("avx2")]] inline __m256i blend_pairs(__m128i pairs, __m256i weights) {
    return _mm256_madd_epi16(_mm256_cvtepu8_epi16(pairs), weights);
}

[[gnu::target("avx2")]] inline __m256i finish_line(__m256i low, __m256i high) {
    const __m256i half = _mm256_set1_epi32(kBlendHalf);
    low = _mm256_srai_epi32(_mm256_add_epi32(low, half), kBlendShift);
    high = _mm256_srai_epi32(_mm256_add_epi32(high, half), kBlendShift);
    return _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
}

[[gnu::target("avx2")]] void blend_rows_avx2(
    const std::uint8_t* const* rows,
    const std::int16_t* weights,
    std::size_t taps,
    std::size_t width,
    std::int16_t* line
) {
    for (std::size_t x = 0; x < width; x += 32) {
        __m256i sums[4] = {};
        for (std::size_t k = 0; k < taps; k += 2) {
            const auto* a = reinterpret_cast<const __m128i*>(rows[k] + x);
            const auto* b = reinterpret_cast<const __m128i*>(rows[k + 1] + x);
            const __m256i pair = _mm256_set1_epi32(
                static_cast<std::uint16_t>(weights[k]) | static_cast<int>(weights[k + 1]) * 65536
            );
            for (int i = 0; i < 2; ++i) {
                const __m128i of_a = _mm_loadu_si128(a + i), of_b = _mm_loadu_si128(b + i);
                const __m256i low = blend_pairs(_mm_unpacklo_epi8(of_a, of_b), pair);
                const __m256i high = blend_pairs(_mm_unpackhi_epi8(of_a, of_b), pair);
                sums[2 * i] = _mm256_add_epi32(sums[2 * i], low);
                sums[2 * i + 1] = _mm256_add_epi32(sums[2 * i + 1], high);
            }
        }
        auto* to = reinterpret_cast<__m256i*>(line + x);
        _mm256_storeu_si256(to, finish_line(sums[0], sums[1]));
        _mm256_storeu_si256(to + 1, finish_line(sums[2], sums[3]));
    }
}

[[gnu::target("avx2")]] inline __m128i load8(const std::int16_t* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
}

// Four results at once: each as four partial sums, then added across.
template <std::size_t kBlocks>
[[gnu::target("avx2")]] inline __m128i filter_four(
    const std::int16_t* line,
    const std::uint32_t* first,
    const std::int16_t* weights,
    std::size_t taps
) {
    const std::size_t blocks = kBlocks != 0 ? kBlocks : taps / 8;
    __m128i sums[4] = {};
    for (std::size_t i = 0; i < 4; ++i) {
        const std::int16_t* from = line + first[i];
        const std::int16_t* with = weights + i * taps;
        for (std::size_t k = 0; k < blocks; ++k)
            sums[i] =
                _mm_add_epi32(sums[i], _mm_madd_epi16(load8(from + 8 * k), load8(with + 8 * k)));
    }
    return _mm_hadd_epi32(_mm_hadd_epi32(sums[0], sums[1]), _mm_hadd_epi32(sums[2], sums[3]));
}

template <std::size_t kBlocks>
[[gnu::target("avx2")]] std::size_t filter_fours(
    const std::int16_t* line,
    const std::uint32_t* first,
    const std::int16_t* weights,
    std::size_t taps,
    std::size_t count,
    std::uint8_t* out
) {
    const __m128i half = _mm_set1_epi32(kFilterHalf);
    std::size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const __m128i sums = filter_four<kBlocks>(line, first + i, weights + i * taps, taps);
        const __m128i values = _mm_srai_epi32(_mm_add_epi32(sums, half), kFilterShift);
        const __m128i words = _mm_packs_epi32(values, values);
        const int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
        __builtin_memcpy(out + i, &bytes, 4);
    }
    return i;
}

[[gnu::target("avx2")]] void filter_line_avx2(
    const std::int16_t* line,
    const std::uint32_t* first,
    const std::int16_t* weights,
    std::size_t taps,
    std::size_t count,
    std::uint8_t* out
) {
    const auto fours = taps == 8    ? &filter_fours<1>
                       : taps == 16 ? &filter_fours<2>
                       : taps == 24 ? &filter_fours<3>
                                    : &filter_fours<0>;
    const std::size_t done = fours(line, first, weights, taps, count, out);
    filter_line_portable(line, first + done, weights + done * taps, taps, count - done, out + done);
}

constexpr Kernels kAvx2{&blend_rows_avx2, &filter_line_avx2};

#endif

}  // namespace

const Kernels& portable_kernels() {
    return kPortable;
}

const Kernels& best_kernels() {
#ifdef __x86_64__
    static const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;
    if (kHasAvx2) return kAvx2;
#endif
    return kPortable;
}

}  // namespace pixgate::imaging
