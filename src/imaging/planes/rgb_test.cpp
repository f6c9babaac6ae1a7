#include "imaging/planes/rgb.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

namespace pixgate::imaging {
namespace {

std::vector<std::uint8_t> random_pixels(std::size_t count) {
    std::mt19937 random(7);
    std::vector<std::uint8_t> out(count);
    for (std::uint8_t& value : out) value = static_cast<std::uint8_t>(random());
    return out;
}

TEST(Rgb, ComesBackFromPlanes) {
    const Size size{37, 11};
    Pixels pixels{size, 3, random_pixels(std::size_t{37} * 11 * 3)};
    const Planes planes = from_pixels(pixels.samples.data(), size, 3);
    EXPECT_EQ(planes.size(), size);
    EXPECT_EQ(planes.chroma, kFullChroma);
    EXPECT_TRUE(planes.alpha.is_empty());
    const Pixels back = to_pixels(planes);
    ASSERT_EQ(back.bands, 3);
    ASSERT_EQ(back.samples.size(), pixels.samples.size());
    for (std::size_t i = 0; i < back.samples.size(); ++i)
        ASSERT_LE(std::abs(back.samples[i] - pixels.samples[i]), 2) << i;
}

TEST(Rgb, ComesBackFromMultipliedPlanesAsExactlyAsAlphaLetsIt) {
    const Size size{37, 11};
    const auto pixels = random_pixels(std::size_t{37} * 11 * 4);
    const Planes planes = from_pixels(pixels.data(), size, 4);
    const Pixels back = to_pixels(planes);
    ASSERT_EQ(back.bands, 4);
    for (std::size_t i = 0; i < pixels.size(); i += 4) {
        const int alpha = pixels[i + 3];
        ASSERT_EQ(back.samples[i + 3], alpha);
        if (alpha == 0) continue;
        for (std::size_t band = 0; band < 3; ++band)
            ASSERT_LE(std::abs(back.samples[i + band] - pixels[i + band]), 3 * 255 / alpha + 1);
    }
}

TEST(Rgb, KnowsJfifsColours) {
    const std::uint8_t red[] = {255, 0, 0}, grey[] = {77};
    const Planes of_red = from_pixels(red, {1, 1}, 3);
    EXPECT_EQ(of_red.y.row(0)[0], 76);
    EXPECT_EQ(of_red.cb.row(0)[0], 85);
    EXPECT_EQ(of_red.cr.row(0)[0], 255);
    const Planes of_grey = from_pixels(grey, {1, 1}, 1);
    EXPECT_TRUE(of_grey.is_grey());
    EXPECT_EQ(to_rgba(of_grey), (std::vector<std::uint8_t>{77, 77, 77, 255}));
}

TEST(Rgb, HidesColourThatIsNotSeen) {
    const std::uint8_t pixels[] = {200, 100, 50, 0, 80, 0};
    const Planes planes = from_pixels(pixels, {1, 1}, 4);
    EXPECT_EQ(planes.y.row(0)[0], 0);
    EXPECT_EQ(to_rgba(planes)[3], 0);
    EXPECT_EQ(from_pixels(pixels + 4, {1, 1}, 2).y.row(0)[0], 0);
}

}  // namespace
}  // namespace pixgate::imaging
