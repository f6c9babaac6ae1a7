#include "imaging/geometry.h"

#include <gtest/gtest.h>

namespace pixgate::imaging {
namespace {

TransformRequest box(std::uint32_t width_px, std::uint32_t height_px, Fit fit) {
    TransformRequest request;
    request.transform.width_px = width_px;
    request.transform.height_px = height_px;
    request.transform.fit = fit;
    return request;
}

TEST(Geometry, ScalesDownIntoTheBoxAndNeverUp) {
    EXPECT_EQ(plan_transform({4000, 3000}, box(320, 0, Fit::kScaleDown)).canvas, (Size{320, 240}));
    EXPECT_EQ(plan_transform({4000, 3000}, box(0, 300, Fit::kScaleDown)).canvas, (Size{400, 300}));
    EXPECT_EQ(
        plan_transform({4000, 3000}, box(320, 100, Fit::kScaleDown)).canvas, (Size{133, 100})
    );
    EXPECT_EQ(plan_transform({100, 50}, box(320, 320, Fit::kScaleDown)).canvas, (Size{100, 50}));
}

TEST(Geometry, ContainsAsLargeAsFits) {
    EXPECT_EQ(plan_transform({100, 50}, box(320, 320, Fit::kContain)).canvas, (Size{320, 160}));
    EXPECT_EQ(plan_transform({4000, 3000}, box(320, 320, Fit::kContain)).canvas, (Size{320, 240}));
}

TEST(Geometry, CoversTheBoxWithTheMiddle) {
    const Plan plan = plan_transform({4000, 3000}, box(300, 300, Fit::kCover));
    EXPECT_EQ(plan.crop, (Size{3000, 3000}));
    EXPECT_EQ(plan.resized, (Size{300, 300}));
    EXPECT_EQ(plan.canvas, (Size{300, 300}));
}

TEST(Geometry, PadsToTheBox) {
    const Plan plan = plan_transform({400, 200}, box(300, 300, Fit::kPad));
    EXPECT_EQ(plan.resized, (Size{300, 150}));
    EXPECT_EQ(plan.canvas, (Size{300, 300}));
}

TEST(Geometry, KeepsThinPicturesAtLeastOnePixelThick) {
    EXPECT_EQ(plan_transform({65500, 1}, box(320, 0, Fit::kScaleDown)).canvas, (Size{320, 1}));
    EXPECT_EQ(plan_transform({1, 65500}, box(0, 320, Fit::kScaleDown)).canvas, (Size{1, 320}));
}

TEST(Geometry, NeverMakesALongerSideThanAllowed) {
    EXPECT_EQ(plan_transform({1, 16000}, box(320, 0, Fit::kContain)).canvas, (Size{1, 4096}));
    EXPECT_EQ(plan_transform({16000, 8000}, box(0, 0, Fit::kScaleDown)).canvas, (Size{4096, 2048}));
}

TEST(Geometry, HoldsItsBoundsForAllShapes) {
    constexpr std::uint32_t kSides[] = {1, 2, 3, 7, 63, 64, 100, 999, 4096, 16384};
    for (const auto source_w : kSides) {
        for (const auto source_h : kSides) {
            for (const auto fit : {Fit::kScaleDown, Fit::kContain, Fit::kCover, Fit::kPad}) {
                const auto request = box(320, 200, fit);
                const Plan plan = plan_transform({source_w, source_h}, request);
                EXPECT_GE(plan.crop.width_px, 1U);
                EXPECT_LE(plan.crop.width_px, source_w);
                EXPECT_GE(plan.crop.height_px, 1U);
                EXPECT_LE(plan.crop.height_px, source_h);
                EXPECT_LE(plan.resized.width_px, plan.canvas.width_px);
                EXPECT_LE(plan.resized.height_px, plan.canvas.height_px);
                EXPECT_LE(plan.canvas.width_px, 320U);
                EXPECT_LE(plan.canvas.height_px, 200U);
            }
        }
    }
}

}  // namespace
}  // namespace pixgate::imaging
