#include "imaging/planes/render.h"

#include <gtest/gtest.h>

namespace pixgate::imaging {
namespace {

// Each sample says where it is.
Plane numbered(std::uint32_t width, std::uint32_t height) {
    Plane plane(width, height);
    for (std::uint32_t y = 0; y < height; ++y) {
        for (std::uint32_t x = 0; x < width; ++x)
            plane.row(y)[x] = static_cast<std::uint8_t>(16 * y + x);
    }
    return plane;
}

TEST(Turn, PutsEachCornerWhereExifWantsIt) {
    // Of a 3 x 2 picture: its top left, top right and bottom left sample, in upright order.
    struct Case {
        std::uint8_t orientation;
        std::uint8_t top_left, top_right, bottom_left;
    };
    constexpr Case kCases[] = {{1, 0, 2, 16}, {2, 2, 0, 18},  {3, 18, 16, 2}, {4, 16, 18, 0},
                               {5, 0, 16, 2}, {6, 16, 0, 18}, {7, 18, 2, 16}, {8, 2, 18, 0}};
    for (const auto& [orientation, top_left, top_right, bottom_left] : kCases) {
        const Plane turned = turn(numbered(3, 2), orientation);
        ASSERT_EQ(turned.width(), swaps_sides(orientation) ? 2U : 3U);
        EXPECT_EQ(turned.row(0)[0], top_left) << int{orientation};
        EXPECT_EQ(turned.row(0)[turned.width() - 1], top_right) << int{orientation};
        EXPECT_EQ(turned.row(turned.height() - 1)[0], bottom_left) << int{orientation};
    }
}

TEST(Turn, TakesLargePlanesOfOddSizes) {
    Plane source(131, 67);
    for (std::uint32_t y = 0; y < 67; ++y) {
        for (std::uint32_t x = 0; x < 131; ++x)
            source.row(y)[x] = static_cast<std::uint8_t>(x * 7 + y * 13);
    }
    const Plane turned = turn(
        turn(source.height() == 67 ? resample(source, {0, 1, 131}, {0, 1, 67}) : Plane(), 6), 8
    );
    for (std::uint32_t y = 0; y < 67; ++y)
        ASSERT_EQ(std::memcmp(turned.row(y), source.row(y), 131), 0) << y;
}

// A ramp in brightness and the same one in colour have to stay on each other, whatever the
// samplings, sides and turns.
TEST(Render, KeepsColourOnBrightness) {
    for (const Subsampling from :
         {kFullChroma, kHalfChroma, Subsampling{2, 1}, Subsampling{1, 2}, Subsampling{4, 1}}) {
        for (const Subsampling to : {kFullChroma, kHalfChroma}) {
            for (std::uint8_t orientation = 1; orientation <= 8; ++orientation) {
                const std::uint32_t side = 151;
                Planes source;
                source.width = source.height = side;
                source.chroma = from;
                source.y = Plane(side, side);
                source.cb = Plane(ceil_div(side, from.across), ceil_div(side, from.down));
                source.cr = Plane(source.cb.width(), source.cb.height());
                const auto fill = [](Plane& plane, unsigned across, unsigned down) {
                    for (std::uint32_t y = 0; y < plane.height(); ++y) {
                        for (std::uint32_t x = 0; x < plane.width(); ++x)
                            plane.row(y)[x] = static_cast<std::uint8_t>(
                                20 + ((x + 0.5) * across + (y + 0.5) * down) * 0.7
                            );
                    }
                };
                fill(source.y, 1, 1);
                fill(source.cb, from.across, from.down);
                fill(source.cr, from.across, from.down);
                Rendering how{{side, side}, {{0, 0}, {side, side}}, {75, 77}, orientation, to};
                const Planes made = render(source, how);
                ASSERT_EQ(made.cb.width(), ceil_div(made.y.width(), to.across));
                for (std::uint32_t y = 6; y + 6 < made.cb.height(); y += 5) {
                    for (std::uint32_t x = 6; x + 6 < made.cb.width(); x += 5) {
                        const double luma =
                            to.across == 1
                                ? made.y.row(y)[x]
                                : (made.y.row(2 * y)[2 * x] + made.y.row(2 * y + 1)[2 * x + 1]) /
                                      2.0;
                        ASSERT_NEAR(made.cb.row(y)[x], luma, 1.6)
                            << int{from.across} << int{from.down} << int{to.across}
                            << " orientation " << int{orientation} << " at " << x << "," << y;
                    }
                }
            }
        }
    }
}

}  // namespace
}  // namespace pixgate::imaging
