#include "flow/choose_source.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

Image image_of(std::uint32_t width, std::uint32_t height, std::vector<std::uint32_t> sides) {
    Image image;
    image.width_px = width;
    image.height_px = height;
    for (const auto side : sides) {
        Variant v;
        v.kind = VariantKind::kRendition;
        v.name = std::to_string(side);
        v.width_px = width >= height ? side : side * width / height;
        v.height_px = width >= height ? side * height / width : side;
        image.variants.push_back(v);
    }
    return image;
}

std::string chosen(const Transform& t, std::uint32_t width = 4'000, std::uint32_t height = 3'000) {
    const auto rendition = choose_rendition(image_of(width, height, {4'000, 2'016, 1'000, 504}), t);
    return rendition ? rendition->name : "original";
}

TEST(ChooseSource, TheSmallestWithAQuarterToSpareIsTaken) {
    EXPECT_EQ(chosen({.width_px = 320}), "504");
    EXPECT_EQ(chosen({.width_px = 403}), "504");
    EXPECT_EQ(chosen({.width_px = 404}), "1000");
    EXPECT_EQ(chosen({.height_px = 320}), "1000") << "320 high is 427 wide";
    EXPECT_EQ(chosen({.width_px = 1'600}), "2016");
    EXPECT_EQ(chosen({.width_px = 1'613}), "4000");
    EXPECT_EQ(chosen({.width_px = 2'048}), "4000");
    EXPECT_EQ(chosen({.width_px = 3'900}), "4000") << "the largest, with nothing to spare";
    EXPECT_EQ(chosen({}), "4000");
}

TEST(ChooseSource, TheListedSizesOfAPortraitComeFromItsMaster) {
    for (const std::uint32_t width_px : {1'600U, 1'920U, 2'048U})
        EXPECT_EQ(chosen({.width_px = width_px}, 3'000, 4'000), "4000") << width_px;
}

TEST(ChooseSource, TheLargestIsTakenWhereItHasFewerPixelsThanAreAskedFor) {
    EXPECT_EQ(chosen({}, 12'000, 9'000), "4000");
    EXPECT_EQ(chosen({.width_px = 4'096}, 12'000, 9'000), "4000");
    EXPECT_EQ(chosen({.width_px = 4'096, .enlarge = true}), "4000");
    EXPECT_EQ(chosen({.crop = {100, 100, 1'000, 750}, .width_px = 1'000}, 12'000, 9'000), "4000");
    const auto old = choose_rendition(image_of(4'000, 3'000, {2'016, 1'000}), {.width_px = 3'000});
    ASSERT_TRUE(old);
    EXPECT_EQ(old->name, "2016");
}

TEST(ChooseSource, ACoverCropNeedsWhatFillsTheBox) {
    const Transform inside{.width_px = 320, .height_px = 320};
    Transform cover = inside;
    cover.fit = Fit::kCover;
    EXPECT_EQ(chosen(inside), "504");
    EXPECT_EQ(chosen(cover), "1000") << "320 high is 427 wide before it is cut";
    EXPECT_EQ(chosen(cover, 3'000, 4'000), "1000");
    EXPECT_EQ(chosen(cover, 12'000, 1'000), "4000") << "3,840 wide before it is cut";
}

TEST(ChooseSource, ACutNeedsAsMuchMoreAsItTakesAway) {
    Transform cut{.crop = {1'000, 1'000, 1'000, 750}, .width_px = 320};
    EXPECT_EQ(chosen(cut), "2016") << "a quarter of the width: as 1,280 of all";
    cut.width_px = 640;
    EXPECT_EQ(chosen(cut), "4000");
    Transform turned{.rotate_degrees = 90, .width_px = 320};
    EXPECT_EQ(chosen(turned), "1000") << "the height becomes the width";
}

TEST(ChooseSource, ADrawingIsDrawnAnewWhereItIsToBeLarger) {
    Image image;
    image.content_type = "image/svg+xml";
    image.width_px = image.height_px = 100;
    Variant rendition;
    rendition.kind = VariantKind::kRendition;
    rendition.width_px = rendition.height_px = 100;
    image.variants = {rendition};
    Transform transform;
    transform.width_px = 800;
    EXPECT_TRUE(choose_rendition(image, transform));
    transform.fit = Fit::kContain;
    transform.enlarge = true;
    EXPECT_FALSE(choose_rendition(image, transform));
    image.content_type = "image/png";
    EXPECT_TRUE(choose_rendition(image, transform));
}

TEST(ChooseSource, TheCutIsMeantInTheTurnedPicture) {
    Transform cut{.rotate_degrees = 90, .crop = {1'000, 0, 500, 4'000}, .width_px = 500};
    for (const std::uint16_t degrees : {std::uint16_t{90}, std::uint16_t{270}}) {
        cut.rotate_degrees = degrees;
        EXPECT_EQ(needed_side_px(cut, 4'000, 3'000), 4'000) << "a strip as high as it is stored";
        EXPECT_NE(chosen(cut), "1000");
    }
    cut.crop = {0, 3'000, 3'000, 1'000};
    cut.width_px = 600;
    EXPECT_EQ(needed_side_px(cut, 4'000, 3'000), 800) << "it begins below 3,000";
    cut.rotate_degrees = 180;
    cut.crop = {3'000, 0, 1'000, 3'000};
    EXPECT_EQ(needed_side_px(cut, 4'000, 3'000), 2'400);
}

TEST(ChooseSource, WhatRenditionsDoNotHaveComesFromTheOriginal) {
    EXPECT_EQ(chosen({.width_px = 320, .metadata = KeepMetadata::kCopyright}), "original");
    Image animated = image_of(400, 300, {300});
    animated.frames = 12;
    EXPECT_FALSE(choose_rendition(animated, {.width_px = 100, .animate = true}));
    EXPECT_TRUE(choose_rendition(animated, {.width_px = 100}));
    EXPECT_FALSE(choose_rendition(image_of(4'000, 3'000, {}), {.width_px = 100}));
    EXPECT_EQ(chosen({.trim_tolerance = 10, .width_px = 100}), "4000");
}

}  // namespace
}  // namespace pixgate
