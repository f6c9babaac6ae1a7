#include "main/imaging_calls.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/pictures.h"
#include "tests/support/sandboxes.h"
#include "tests/support/temp_dir.h"

namespace pixgate {
namespace {

using imaging::Format;

class ImagingCalls : public testing::Test {
protected:
    std::string file_with(const std::string& bytes) const {
        const auto path = folder_.path() / "mark";
        std::ofstream(path, std::ios::binary) << bytes;
        return path.string();
    }
    Result<VariantLook> look_with(const std::string& bytes) const {
        return read_look(test::sandbox(), {.watermark_file = file_with(bytes)}, {});
    }

    tests::TempDir folder_;
};

TEST_F(ImagingCalls, TheWatermarkIsReadOnceAndLaidOnFromOriginalsAndRenditions) {
    auto look = look_with(test::make_picture(Format::kPng, 20, 20));
    ASSERT_TRUE(look.has_value()) << look.error().message;
    const auto make = make_with(test::sandbox(), {}, *look);
    const auto picture = test::make_picture(Format::kJpeg, 200, 100);
    const UniqueFd file = test::file_of(picture);
    Transform transform{.format = OutputFormat::kPng};
    transform.watermark = {
        .is_on = true,
        .position = GravityKind::kTopLeft,
        .scale_percent = 40,
        .opacity_percent = 100
    };
    for (const auto kind : {imaging::Source::kStranger, imaging::Source::kOwn}) {
        VariantSource source;
        source.fd = file.get();
        source.size_bytes = source.max_bytes = picture.size();
        source.content_type = "image/jpeg";
        source.width_px = 200;
        source.height_px = 100;
        source.source = kind;
        const auto made = make(source, transform);
        ASSERT_TRUE(made.has_value()) << made.error().message;
        ASSERT_EQ(made->refusal, imaging::Refusal::kNone);
        EXPECT_GT(test::pixel_at(made->bytes, 10.0 / 199, 34.0 / 99).blue, 150);
        const auto plain = make(source, {.format = OutputFormat::kPng});
        ASSERT_TRUE(plain.has_value()) << plain.error().message;
        EXPECT_LT(test::pixel_at(plain->bytes, 10.0 / 199, 34.0 / 99).blue, 60);
        const auto unmarked = make_with(test::sandbox(), {})(source, transform);
        ASSERT_FALSE(unmarked.has_value());
        EXPECT_EQ(unmarked.error().reason, "watermark");
    }
}

// What lies in the store now need not be what was checked at upload.
TEST_F(ImagingCalls, G109_AnOriginalLargerThanItsRowIsRefused) {
    const auto make = make_with(test::sandbox(), {});
    const auto picture = test::make_picture(Format::kPng, 200, 100);
    const UniqueFd file = test::file_of(picture);
    VariantSource source;
    source.fd = file.get();
    source.size_bytes = source.max_bytes = picture.size();
    source.content_type = "image/png";
    source.width_px = 200;
    source.height_px = 100;
    const Transform transform{.width_px = 50, .format = OutputFormat::kPng};
    const auto refusal_of = [&](const VariantSource& row) {
        const auto made = make(row, transform);
        EXPECT_TRUE(made.has_value());
        return made ? made->refusal : imaging::Refusal::kNone;
    };
    EXPECT_EQ(refusal_of(source), imaging::Refusal::kNone);
    auto lower = source;
    lower.height_px = 99;
    EXPECT_EQ(refusal_of(lower), imaging::Refusal::kTooManyPixels);
    auto narrower = source;
    narrower.width_px = 199;
    narrower.height_px = 199;
    EXPECT_NE(refusal_of(narrower), imaging::Refusal::kNone) << "enough pixels, one side too long";
    auto shorter = source;
    shorter.max_bytes = picture.size() - 1;
    EXPECT_EQ(refusal_of(shorter), imaging::Refusal::kTooManyBytes);
}

TEST_F(ImagingCalls, AWatermarkThatIsNoneIsToldAtTheStart) {
    EXPECT_TRUE(read_look(test::sandbox(), {}, {}).has_value());
    const auto absent = read_look(test::sandbox(), {.watermark_file = "/absent/mark.png"}, {});
    ASSERT_FALSE(absent.has_value());
    EXPECT_TRUE(absent.error().message.contains("imaging.watermark_file: /absent/mark.png"));
    EXPECT_FALSE(read_look(test::sandbox(), {.watermark_file = "/"}, {}).has_value());
    EXPECT_FALSE(look_with("").has_value());
    EXPECT_FALSE(look_with("<svg xmlns='http://www.w3.org/2000/svg'/>").has_value());
    EXPECT_FALSE(look_with(test::make_picture(Format::kGif, 8, 8)).has_value());
    EXPECT_FALSE(look_with(test::png_header_bomb(60'000, 60'000)).has_value());
    const auto good = test::make_picture(Format::kWebp, 8, 8);
    EXPECT_TRUE(look_with(good).has_value());
    EXPECT_FALSE(look_with(good + std::string(5 << 20, 'x')).has_value());
}

TEST_F(ImagingCalls, ColoursAreAsTheOperatorWantsThem) {
    const auto look = read_look(test::sandbox(), {{}, true, true}, {});
    ASSERT_TRUE(look.has_value());
    EXPECT_TRUE(look->linear_light && look->keep_wide_gamut && !look->mark);
}

TEST_F(ImagingCalls, PresetsAtUploadCarryTheMark) {
    const auto look = look_with(test::make_picture(Format::kPng, 20, 20));
    ASSERT_TRUE(look.has_value()) << look.error().message;
    const auto picture = test::make_picture(Format::kJpeg, 200, 100);
    const UniqueFd file = test::file_of(picture);
    WantedProduct marked;
    marked.preset = "marked";
    marked.spec.transform = *parse_transform("watermark=top-left:40:100,f=png");
    VerifyJob job;
    job.declared_type = "image/jpeg";
    job.allowed_types = {"image/jpeg"};
    job.limits.max_bytes = picture.size();
    const auto made =
        prepare_with(test::sandbox(), {}, *look)(file.get(), picture.size(), job, {marked});
    ASSERT_TRUE(made.has_value()) << made.error().message;
    ASSERT_EQ(made->products.size(), 1U) << made->detail;
    EXPECT_GT(test::pixel_at(made->products[0].bytes, 10.0 / 199, 34.0 / 99).blue, 150);
    const auto none = prepare_with(test::sandbox(), {})(file.get(), picture.size(), job, {marked});
    ASSERT_FALSE(none.has_value());
    EXPECT_EQ(none.error().reason, "watermark");
}

TEST_F(ImagingCalls, WhatTheCatalogKnowsIsTheLimit) {
    const std::string svg =
        "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'>"
        "<rect width='40' height='20' fill='red'/></svg>";
    const UniqueFd file = test::file_of(svg);
    VariantSource source;
    source.fd = file.get();
    source.size_bytes = source.max_bytes = svg.size();
    source.content_type = "image/svg+xml";
    source.width_px = 40;
    source.height_px = 20;
    const auto make = make_with(test::sandbox(), {});
    const auto made = make(source, *parse_transform("w=400,enlarge=1,f=png"));
    ASSERT_TRUE(made.has_value()) << made.error().message;
    EXPECT_EQ(made->refusal, imaging::Refusal::kNone);
    source.max_bytes = svg.size() - 1;
    EXPECT_EQ(
        make(source, *parse_transform("w=40,f=png"))->refusal, imaging::Refusal::kTooManyBytes
    );
}

}  // namespace
}  // namespace pixgate
