#include "imaging/geometry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace pixgate::imaging {
namespace {

TransformRequest box(std::uint32_t width_px, std::uint32_t height_px, Fit fit) {
    TransformRequest request;
    request.transform.width_px = width_px;
    request.transform.height_px = height_px;
    request.transform.fit = fit;
    return request;
}

TransformRequest enlarged(std::uint32_t width_px, std::uint32_t height_px, Fit fit) {
    auto request = box(width_px, height_px, fit);
    request.transform.enlarge = true;
    return request;
}

Size canvas_of(Size source, const TransformRequest& request) {
    return plan_transform(source, request).canvas;
}

TEST(Geometry, ScalesDownIntoTheBoxAndNeverUp) {
    EXPECT_EQ(canvas_of({4000, 3000}, box(320, 0, Fit::kScaleDown)), (Size{320, 240}));
    EXPECT_EQ(canvas_of({4000, 3000}, box(0, 300, Fit::kScaleDown)), (Size{400, 300}));
    EXPECT_EQ(canvas_of({4000, 3000}, box(320, 100, Fit::kScaleDown)), (Size{133, 100}));
    EXPECT_EQ(canvas_of({100, 50}, box(320, 320, Fit::kScaleDown)), (Size{100, 50}));
}

TEST(Geometry, EnlargesOnlyWhereItIsAskedTo) {
    EXPECT_EQ(canvas_of({100, 50}, box(320, 320, Fit::kContain)), (Size{100, 50}));
    EXPECT_EQ(canvas_of({100, 50}, enlarged(320, 320, Fit::kContain)), (Size{320, 160}));
    EXPECT_EQ(canvas_of({4000, 3000}, enlarged(320, 320, Fit::kContain)), (Size{320, 240}));
    EXPECT_EQ(canvas_of({100, 50}, enlarged(200, 200, Fit::kCover)), (Size{200, 200}));
    EXPECT_EQ(canvas_of({100, 50}, enlarged(200, 300, Fit::kSqueeze)), (Size{200, 300}));
}

TEST(Geometry, CoversTheBoxWithTheMiddle) {
    const Plan plan = plan_transform({4000, 3000}, box(300, 300, Fit::kCover));
    EXPECT_EQ(plan.crop, (Size{3000, 3000}));
    EXPECT_EQ(plan.crop_at, (Point{500, 0}));
    EXPECT_EQ(plan.resized, (Size{300, 300}));
    EXPECT_EQ(plan.canvas, (Size{300, 300}));
}

TEST(Geometry, CutsToTheBoxsProportionsWhereTheSourceIsTooSmallToFillIt) {
    const Plan plan = plan_transform({100, 50}, box(320, 320, Fit::kCover));
    EXPECT_EQ(plan.crop, (Size{50, 50}));
    EXPECT_EQ(plan.canvas, (Size{50, 50}));
    EXPECT_EQ(canvas_of({100, 1000}, box(200, 200, Fit::kCrop)), (Size{100, 100}));
}

TEST(Geometry, KeepsThePartThatGravitySays) {
    const auto cut_at = [](GravityKind kind) {
        auto request = box(100, 100, Fit::kCover);
        request.transform.gravity.kind = kind;
        return plan_transform({400, 200}, request).crop_at;
    };
    EXPECT_EQ(cut_at(GravityKind::kLeft), (Point{0, 0}));
    EXPECT_EQ(cut_at(GravityKind::kBottomLeft), (Point{0, 0}));
    EXPECT_EQ(cut_at(GravityKind::kCentre), (Point{100, 0}));
    EXPECT_EQ(cut_at(GravityKind::kTop), (Point{100, 0}));
    EXPECT_EQ(cut_at(GravityKind::kTopRight), (Point{200, 0}));
    EXPECT_EQ(cut_at(GravityKind::kRight), (Point{200, 0}));

    auto request = box(100, 100, Fit::kCover);
    request.transform.gravity = {GravityKind::kPoint, 500, 900};
    EXPECT_EQ(plan_transform({200, 400}, request).crop_at, (Point{0, 200}));
    request.transform.gravity = {GravityKind::kPoint, 500, 300};
    EXPECT_EQ(plan_transform({200, 400}, request).crop_at, (Point{0, 20}));
}

TEST(Geometry, PadsToTheBox) {
    const Plan plan = plan_transform({400, 200}, box(300, 300, Fit::kPad));
    EXPECT_EQ(plan.resized, (Size{300, 150}));
    EXPECT_EQ(plan.canvas, (Size{300, 300}));
    EXPECT_EQ(plan.resized_at, (Point{0, 75}));
    auto request = box(300, 300, Fit::kPad);
    request.transform.gravity.kind = GravityKind::kBottomRight;
    const Plan small = plan_transform({40, 20}, request);
    EXPECT_EQ(small.resized, (Size{40, 20}));
    EXPECT_EQ(small.canvas, (Size{300, 300}));
    EXPECT_EQ(small.resized_at, (Point{260, 280}));
}

TEST(Geometry, SqueezesEachSideForItself) {
    EXPECT_EQ(canvas_of({400, 200}, box(100, 150, Fit::kSqueeze)), (Size{100, 150}));
    EXPECT_EQ(canvas_of({400, 200}, box(800, 150, Fit::kSqueeze)), (Size{400, 150}));
}

TEST(Geometry, CutsInPixelsOfTheOriginalAlsoFromARendition) {
    auto request = box(500, 0, Fit::kScaleDown);
    request.transform.crop = {1000, 600, 2000, 1000};
    const Plan whole = plan_transform({4000, 3000}, request);
    EXPECT_EQ(whole.crop_at, (Point{1000, 600}));
    EXPECT_EQ(whole.crop, (Size{2000, 1000}));
    EXPECT_EQ(whole.canvas, (Size{500, 250}));
    request.original_width_px = 4000;
    request.original_height_px = 3000;
    const Plan from_rendition = plan_transform({2000, 1500}, request);
    EXPECT_EQ(from_rendition.crop_at, (Point{500, 300}));
    EXPECT_EQ(from_rendition.crop, (Size{1000, 500}));
    EXPECT_EQ(from_rendition.canvas, (Size{500, 250}));
    // The rendition has no more than this to give.
    EXPECT_EQ(canvas_of({400, 300}, request), (Size{200, 100}));
}

TEST(Geometry, TakesTheProportionsOfTheOriginalFromARendition) {
    auto request = box(97, 0, Fit::kScaleDown);
    const Size exact = canvas_of({4001, 2999}, request);
    request.original_width_px = 4001;
    request.original_height_px = 2999;
    EXPECT_EQ(canvas_of({504, 378}, request), exact);
    request.transform.width_px = 504;
    EXPECT_EQ(canvas_of({504, 377}, request), (Size{504, 377}));
}

TEST(Geometry, TurnsBeforeItCuts) {
    auto request = box(0, 0, Fit::kScaleDown);
    request.transform.rotate_degrees = 90;
    request.transform.crop = {0, 300, 200, 100};
    const Plan plan = plan_transform({400, 200}, request);
    EXPECT_EQ(plan.source, (Size{200, 400}));
    EXPECT_EQ(plan.crop_at, (Point{0, 300}));
    EXPECT_EQ(plan.canvas, (Size{200, 100}));
    // A quarter turn clockwise: what is at the bottom was on the right.
    const Plan stored = as_stored(plan, orientation_after(1, request.transform));
    EXPECT_EQ(stored.crop_at, (Point{300, 0}));
    EXPECT_EQ(stored.crop, (Size{100, 200}));
}

TEST(Geometry, SeesThatACutIsOutside) {
    auto request = box(0, 0, Fit::kScaleDown);
    request.transform.crop = {100, 0, 10, 10};
    EXPECT_TRUE(crops_outside({100, 50}, request));
    EXPECT_FALSE(crops_outside({101, 50}, request));
    EXPECT_EQ(canvas_of({101, 50}, request), (Size{1, 10}));
    request.transform.rotate_degrees = 90;
    EXPECT_TRUE(crops_outside({101, 50}, request));
}

TEST(Geometry, LeavesWhatTrimLeft) {
    const Rect within{{20, 10}, {60, 30}};
    auto request = box(30, 30, Fit::kCover);
    const Plan plan = plan_transform({100, 50}, request, &within);
    EXPECT_EQ(plan.region, within);
    EXPECT_EQ(plan.crop_at, (Point{35, 10}));
    EXPECT_EQ(plan.crop, (Size{30, 30}));
    request.transform.crop = {70, 0, 30, 50};
    EXPECT_EQ(plan_transform({100, 50}, request, &within).region, (Rect{{70, 10}, {10, 30}}));
}

TEST(Geometry, KeepsThinPicturesAtLeastOnePixelThick) {
    EXPECT_EQ(canvas_of({65500, 1}, box(320, 0, Fit::kScaleDown)), (Size{320, 1}));
    EXPECT_EQ(canvas_of({1, 65500}, box(0, 320, Fit::kScaleDown)), (Size{1, 320}));
}

TEST(GeometryRow97, NeverMakesMoreThanIsAllowed) {
    EXPECT_EQ(canvas_of({1, 16000}, enlarged(320, 0, Fit::kContain)), (Size{1, 4096}));
    EXPECT_EQ(canvas_of({16000, 4000}, box(0, 0, Fit::kScaleDown)), (Size{4096, 1024}));
    for (const auto fit : {Fit::kContain, Fit::kCover, Fit::kPad, Fit::kSqueeze}) {
        const Size square = canvas_of({1, 1}, enlarged(4096, 4096, fit));
        EXPECT_EQ(square, (Size{4000, 4000}));
    }
    EXPECT_EQ(canvas_of({10000, 1}, enlarged(4096, 0, Fit::kContain)), (Size{4096, 1}));
}

class GeometryProperties : public testing::Test {
protected:
    std::uint32_t upto(std::uint32_t most) { return 1 + random_() % most; }
    // Sizes of all magnitudes alike.
    std::uint32_t side(std::uint32_t most) { return upto(std::max(1U, most >> random_() % 14)); }
    bool chance() { return random_() % 2 == 0; }

    TransformRequest request() {
        TransformRequest out;
        out.transform.width_px = random_() % 5 == 0 ? 0 : side(4096);
        out.transform.height_px = random_() % 4 == 0 ? 0 : side(4096);
        out.transform.fit = static_cast<Fit>(random_() % 6);
        out.transform.enlarge = chance();
        out.transform.rotate_degrees = static_cast<std::uint16_t>(90 * (random_() % 4));
        out.transform.flip = static_cast<Flip>(random_() % 4);
        out.transform.gravity = {
            static_cast<GravityKind>(random_() % 11), static_cast<std::uint16_t>(random_() % 1001),
            static_cast<std::uint16_t>(random_() % 1001)
        };
        if (chance()) out.transform.crop = {upto(9000) - 1, upto(9000) - 1, side(9000), side(9000)};
        if (chance()) {
            out.original_width_px = side(12000);
            out.original_height_px = side(12000);
        }
        return out;
    }

    std::mt19937 random_{20240521};
};

void expect_inside(const Plan& plan) {
    EXPECT_GE(plan.crop.width_px, 1U);
    EXPECT_GE(plan.crop.height_px, 1U);
    EXPECT_GE(plan.crop_at.left_px, plan.region.at.left_px);
    EXPECT_LE(plan.crop_at.left_px + plan.crop.width_px, plan.source.width_px);
    EXPECT_LE(plan.crop_at.top_px + plan.crop.height_px, plan.source.height_px);
    EXPECT_GE(plan.resized.width_px, 1U);
    EXPECT_GE(plan.resized.height_px, 1U);
    EXPECT_LE(plan.resized_at.left_px + plan.resized.width_px, plan.canvas.width_px);
    EXPECT_LE(plan.resized_at.top_px + plan.resized.height_px, plan.canvas.height_px);
}

TEST_F(GeometryProperties, HoldForAllShapes) {
    for (int round = 0; round < 200'000 && !HasFailure(); ++round) {
        const Size source{side(16384), side(16384)};
        const TransformRequest asked = request();
        const Plan plan = plan_transform(source, asked);
        SCOPED_TRACE(testing::Message() << "round " << round);
        expect_inside(plan);
        EXPECT_LE(plan.canvas.width_px, 4096U);
        EXPECT_LE(plan.canvas.height_px, 4096U);
        EXPECT_LE(std::uint64_t{plan.canvas.width_px} * plan.canvas.height_px, 16'000'000U);
        const Transform& t = asked.transform;
        if (t.width_px != 0) {
            EXPECT_LE(plan.canvas.width_px, t.width_px);
        }
        if (t.height_px != 0) {
            EXPECT_LE(plan.canvas.height_px, t.height_px);
        }
        if (!t.enlarge) {
            EXPECT_LE(plan.resized.width_px, plan.crop.width_px);
            EXPECT_LE(plan.resized.height_px, plan.crop.height_px);
        }
        EXPECT_EQ(plan_transform(source, asked), plan);
    }
}

struct Scales {
    double least, most;
};
// What the side may have been scaled by, each end rounded by a pixel at most.
Scales scales_of(double before_px, double after_px) {
    return {(after_px - 1) / (before_px + 1), (after_px + 1) / std::max(before_px - 1, 1e-9)};
}

TEST_F(GeometryProperties, KeepProportionsWithinAPixel) {
    for (int round = 0; round < 100'000 && !HasFailure(); ++round) {
        const Size source{side(16384), side(16384)};
        TransformRequest asked = request();
        asked.original_width_px = asked.original_height_px = 0;
        const bool has_box = asked.transform.width_px != 0 && asked.transform.height_px != 0;
        if (has_box && asked.transform.fit == Fit::kSqueeze) continue;
        const Plan plan = plan_transform(source, asked);
        const Scales across = scales_of(plan.crop.width_px, plan.resized.width_px);
        const Scales down = scales_of(plan.crop.height_px, plan.resized.height_px);
        EXPECT_LE(std::max(across.least, down.least), std::min(across.most, down.most))
            << "round " << round;
    }
}

TEST_F(GeometryProperties, LieTheSameAsStoredAndTurnedBack) {
    for (int round = 0; round < 20'000 && !HasFailure(); ++round) {
        const Size stored_size{side(5000), side(5000)};
        const auto stored_orientation = static_cast<std::uint8_t>(1 + random_() % 8);
        const TransformRequest asked = request();
        Size upright = stored_size;
        if (swaps_sides(stored_orientation)) std::swap(upright.width_px, upright.height_px);
        const Plan plan = plan_transform(upright, asked);
        const auto orientation = orientation_after(stored_orientation, asked.transform);
        const Plan stored = as_stored(plan, orientation);
        EXPECT_EQ(stored.source, stored_size);
        EXPECT_EQ(
            turned({stored.crop_at, stored.crop}, stored_size, orientation),
            (Rect{plan.crop_at, plan.crop})
        );
        EXPECT_EQ(
            turned({stored.resized_at, stored.resized}, stored.canvas, orientation),
            (Rect{plan.resized_at, plan.resized})
        );
        EXPECT_EQ(turned(stored.region, stored_size, orientation), plan.region);
    }
}

TEST(Orientation, FollowsOnOneAnother) {
    Transform quarter, half, mirrored, upside_down;
    quarter.rotate_degrees = 90;
    half.rotate_degrees = 180;
    mirrored.flip = Flip::kHorizontal;
    upside_down.flip = Flip::kBoth;
    EXPECT_EQ(orientation_after(1, {}), 1);
    EXPECT_EQ(orientation_after(1, quarter), 6);
    EXPECT_EQ(orientation_after(6, quarter), 3);
    EXPECT_EQ(orientation_after(8, quarter), 1);
    EXPECT_EQ(orientation_after(1, upside_down), 3);
    EXPECT_EQ(orientation_after(3, half), 1);
    EXPECT_EQ(orientation_after(1, mirrored), 2);
    EXPECT_EQ(orientation_after(6, mirrored), 5);
    EXPECT_EQ(orientation_after(2, quarter), 7);
}

}  // namespace
}  // namespace pixgate::imaging
