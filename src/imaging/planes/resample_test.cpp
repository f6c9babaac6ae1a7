#include "imaging/planes/resample.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

namespace pixgate::imaging {
namespace {

Plane noise(std::uint32_t width, std::uint32_t height, unsigned seed) {
    std::mt19937 random(seed);
    Plane plane(width, height);
    for (std::uint32_t y = 0; y < height; ++y) {
        for (std::uint32_t x = 0; x < width; ++x)
            plane.row(y)[x] =
                static_cast<std::uint8_t>(random() % 2 == 0 ? random() : 255 * (x % 2));
    }
    return plane;
}

bool is_same(const Plane& a, const Plane& b) {
    if (a.width() != b.width() || a.height() != b.height()) return false;
    for (std::uint32_t y = 0; y < a.height(); ++y) {
        if (std::memcmp(a.row(y), b.row(y), a.width()) != 0) return false;
    }
    return true;
}

Axis whole(std::uint32_t from, std::uint32_t to) {
    return {0, static_cast<double>(from) / to, to};
}

// In floating point and in the order of the definition: both directions at once.
double reference(
    const Plane& source, const Axis& across, const Axis& down, std::uint32_t x, std::uint32_t y
) {
    const auto lanczos = [](double t) {
        if (t == 0) return 1.0;
        if (std::abs(t) >= 3) return 0.0;
        const double at = std::numbers::pi * t;
        return std::sin(at) / at * std::sin(at / 3) / (at / 3);
    };
    const double scale_x = std::max(1.0, across.step), scale_y = std::max(1.0, down.step);
    const double cx = across.start + (x + 0.5) * across.step,
                 cy = down.start + (y + 0.5) * down.step;
    double sum = 0, weights = 0;
    for (int v = static_cast<int>(std::floor(cy - 3 * scale_y)) - 1; v <= cy + 3 * scale_y; ++v) {
        for (int u = static_cast<int>(std::floor(cx - 3 * scale_x)) - 1; u <= cx + 3 * scale_x;
             ++u) {
            const double weight =
                lanczos((u + 0.5 - cx) / scale_x) * lanczos((v + 0.5 - cy) / scale_y);
            const int at_x = std::clamp(u, 0, static_cast<int>(source.width()) - 1);
            const int at_y = std::clamp(v, 0, static_cast<int>(source.height()) - 1);
            sum += weight * source.row(static_cast<std::size_t>(at_y))[at_x];
            weights += weight;
        }
    }
    return std::clamp(sum / weights, 0.0, 255.0);
}

TEST(Resample, IsWithinOneOfTheDefinition) {
    const Plane source = noise(61, 47, 1);
    const Axis windows[][2] = {
        {whole(61, 40), whole(47, 31)},     {whole(61, 9), whole(47, 5)},
        {whole(61, 100), whole(47, 80)},    {{10.25, 1.7, 20}, {-0.5, 2.3, 20}},
        {{-3.5, 0.5, 30}, {40.1, 0.2, 30}},
    };
    for (const auto& [across, down] : windows) {
        const Plane made = resample(source, across, down);
        for (std::uint32_t y = 0; y < made.height(); ++y) {
            for (std::uint32_t x = 0; x < made.width(); ++x)
                ASSERT_NEAR(made.row(y)[x], reference(source, across, down, x, y), 1.01)
                    << across.step << " at " << x << "," << y;
        }
    }
}

TEST(Resample, GivesTheSameBytesWithAndWithoutVectorInstructions) {
    std::mt19937 random(7);
    for (int round = 0; round < 60; ++round) {
        const std::uint32_t width = 1 + random() % 300, height = 1 + random() % 200;
        const Plane source = noise(width, height, static_cast<unsigned>(random()));
        const Axis across = whole(width, 1 + random() % 200),
                   down = whole(height, 1 + random() % 150);
        use_portable_kernels(true);
        const Plane portable = resample(source, across, down);
        use_portable_kernels(false);
        ASSERT_TRUE(is_same(portable, resample(source, across, down))) << width << "x" << height;
    }
}

TEST(Resample, RowByRowIsTheSame) {
    std::mt19937 random(8);
    for (int round = 0; round < 40; ++round) {
        const std::uint32_t width = 1 + random() % 200, height = 1 + random() % 200;
        const Plane source = noise(width, height, static_cast<unsigned>(random()));
        const Axis across = whole(width, 1 + random() % 90),
                   down = whole(height, 1 + random() % 120);
        RowResampler rows({width, height}, across, down);
        for (std::uint32_t y = 0; y < height; ++y) rows.push(source.row(y));
        const Plane whole_at_once = resample(source, across, down);
        const Plane made = rows.take();
        if (across.is_copy() && down.is_copy()) continue;
        ASSERT_TRUE(is_same(made, whole_at_once)) << width << "x" << height;
    }
}

TEST(Resample, LeavesOneColourAsItIs) {
    for (const unsigned value : {0U, 1U, 127U, 254U, 255U}) {
        Plane source(97, 61);
        source.fill(static_cast<std::uint8_t>(value));
        for (const std::uint32_t side : {1U, 2U, 33U, 60U, 150U}) {
            const Plane made = resample(source, whole(97, side), whole(61, side));
            for (std::uint32_t y = 0; y < side; ++y) {
                for (std::uint32_t x = 0; x < side; ++x) ASSERT_EQ(made.row(y)[x], value);
            }
        }
    }
}

TEST(Resample, CopiesWhereNothingChanges) {
    const Plane source = noise(33, 21, 3);
    EXPECT_TRUE(is_same(source, resample(source, whole(33, 33), whole(21, 21))));
    const Plane part = resample(source, {5, 1, 10}, {-2, 1, 8});
    EXPECT_EQ(std::memcmp(part.row(0), source.row(0) + 5, 10), 0);
    EXPECT_EQ(std::memcmp(part.row(7), source.row(5) + 5, 10), 0);
    const Plane beyond = resample(source, {-3, 1, 40}, {0, 1, 1});
    EXPECT_EQ(beyond.row(0)[0], source.row(0)[0]);
    EXPECT_EQ(beyond.row(0)[3], source.row(0)[0]);
    EXPECT_EQ(beyond.row(0)[39], source.row(0)[32]);
}

TEST(Resample, TakesTheThinnestPictures) {
    for (const auto& [width, height] : {std::pair{1U, 1U}, {1U, 5'000U}, {5'000U, 1U}, {7U, 3U}}) {
        Plane source(width, height);
        source.fill(90);
        const Plane made = resample(source, whole(width, 13), whole(height, 3));
        EXPECT_EQ(made.row(2)[12], 90);
        EXPECT_EQ(made.row(0)[0], 90);
    }
}

}  // namespace
}  // namespace pixgate::imaging
