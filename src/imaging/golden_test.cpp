// What comes out of a transform, held against stored pictures: tests/support/golden.h.
#include <gtest/gtest.h>

#include <algorithm>

#include "core/transform.h"
#include "imaging/transform.h"
#include "imaging/vips_setup.h"
#include "tests/support/bytes.h"
#include "tests/support/golden.h"
#include "tests/support/pictures.h"

namespace pixgate::imaging {
namespace {

using test::Distance;
using test::expect_golden;
using test::Scene;

// Of pictures of some 64 px, where one block of a codec is an eighth of the picture.
constexpr Distance kLossy{4.5, 60}, kPalette{5.5, 50};

Transform parsed(const std::string& text) {
    const auto transform = parse_transform(text);
    EXPECT_TRUE(transform.has_value()) << text;
    return transform.value_or(Transform{});
}

std::string made(
    const std::string& picture,
    const std::string& text,
    const std::string& mark = {},
    TransformRequest request = {}
) {
    EXPECT_TRUE(start_vips().has_value());
    request.transform = parsed(text);
    request.mark_bytes = mark.size();
    const auto answer = transform_bytes(test::as_bytes(picture + mark), request);
    EXPECT_EQ(answer.refusal, Refusal::kNone) << text << ": " << answer.detail;
    return answer.bytes;
}

struct Case {
    std::string name;
    std::string text;
};

class Golden : public testing::TestWithParam<Case> {};
class GoldenAlpha : public testing::TestWithParam<Case> {};
class GoldenMark : public testing::TestWithParam<Case> {};

std::string name_of_case(const testing::TestParamInfo<Case>& info) {
    std::string name = info.param.name;
    std::ranges::replace(name, '-', '_');
    return name;
}

TEST_P(Golden, IsAsItWas) {
    const auto picture = test::make_scene(Format::kPng);
    expect_golden(made(picture, GetParam().text + ",f=png"), GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(
    Size,
    Golden,
    testing::Values(
        Case{"scale-down", "w=64"},
        Case{"scale-down-box", "w=64,h=30"},
        Case{"scale-down-larger", "w=300"},
        Case{"contain", "w=64,h=64,fit=contain"},
        Case{"contain-enlarge", "crop=20x0x60x60,w=90,h=90,fit=contain,enlarge=1"},
        Case{"cover", "w=48,h=48,fit=cover"},
        Case{"cover-tall", "w=24,h=60,fit=cover"},
        Case{"crop-fit", "w=200,h=40,fit=crop"},
        Case{"pad", "w=64,h=64,fit=pad"},
        Case{"pad-colour", "w=64,h=64,fit=pad,background=3366cc"},
        Case{"pad-corner", "w=72,h=64,fit=pad,gravity=top-left,background=ffffff"},
        Case{"squeeze", "w=40,h=64,fit=squeeze"}
    ),
    name_of_case
);

INSTANTIATE_TEST_SUITE_P(
    Gravity,
    Golden,
    testing::Values(
        Case{"gravity-top", "w=60,h=20,fit=cover,gravity=top"},
        Case{"gravity-bottom", "w=60,h=20,fit=cover,gravity=bottom"},
        Case{"gravity-left", "w=20,h=45,fit=cover,gravity=left"},
        Case{"gravity-right", "w=20,h=45,fit=cover,gravity=right"},
        Case{"gravity-top-left", "crop=0x0x80x120,w=40,h=20,fit=cover,gravity=top-left"},
        Case{"gravity-bottom-right", "w=40,h=40,fit=cover,gravity=bottom-right"},
        Case{"gravity-point", "w=30,h=45,fit=cover,gravity=0.72x0.25"},
        Case{"gravity-smart", "w=40,h=60,fit=cover,gravity=smart"}
    ),
    name_of_case
);

INSTANTIATE_TEST_SUITE_P(
    Turn,
    Golden,
    testing::Values(
        Case{"rotate-90", "w=48,rotate=90"},
        Case{"rotate-180", "w=64,rotate=180"},
        Case{"rotate-270", "w=48,rotate=270"},
        Case{"flip-h", "w=64,flip=h"},
        Case{"flip-v", "w=64,flip=v"},
        Case{"rotate-flip", "w=48,rotate=90,flip=h"},
        Case{"crop", "crop=20x10x60x60"},
        Case{"crop-rotate", "crop=20x10x80x60,w=40,rotate=90"}
    ),
    name_of_case
);

INSTANTIATE_TEST_SUITE_P(
    Effect,
    Golden,
    testing::Values(
        Case{"blur", "w=64,blur=2.5"},
        Case{"blur-large", "w=64,blur=20"},
        Case{"sharpen", "w=64,sharpen=2"},
        Case{"brightness", "w=64,brightness=1.4"},
        Case{"contrast", "w=64,contrast=0.5"},
        Case{"saturation", "w=64,saturation=1.8"},
        Case{"grayscale", "w=64,grayscale=1"},
        Case{"all-effects", "w=64,blur=0.8,sharpen=1,brightness=0.8,contrast=1.3,saturation=0.5"}
    ),
    name_of_case
);

TEST_P(GoldenAlpha, IsAsItWas) {
    const auto picture = test::make_scene(Format::kPng, {.has_alpha = true});
    expect_golden(made(picture, GetParam().text), GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(
    Png,
    GoldenAlpha,
    testing::Values(
        Case{"alpha", "w=64,f=png"},
        Case{"alpha-background", "w=64,background=ff8800,f=png"},
        Case{"alpha-pad", "w=64,h=64,fit=pad,f=png"},
        Case{"alpha-blur", "w=64,blur=3,f=png"},
        Case{"alpha-effects", "w=64,brightness=1.3,saturation=0.4,f=png"}
    ),
    name_of_case
);

TEST(GoldenAlphaIn, OtherFormatsIsTheSame) {
    for (const Format input : {Format::kPng, Format::kWebp, Format::kTiff}) {
        const auto picture = test::make_scene(input, {.has_alpha = true});
        expect_golden(made(picture, "w=64,f=png"), "alpha");
        expect_golden(made(picture, "w=64,f=webp"), "alpha", kLossy);
        expect_golden(made(picture, "w=64,f=avif"), "alpha", kLossy);
        const auto on_colour = made(picture, "w=64,background=ff8800,f=jpeg");
        expect_golden(on_colour, "alpha-background", kLossy);
    }
}

// The mark's half-transparent parts are as faint as they say.
TEST_P(GoldenMark, IsAsItWas) {
    const auto picture = test::make_scene(Format::kPng);
    const auto mark =
        test::make_scene(Format::kPng, {.width_px = 40, .height_px = 40, .has_alpha = true});
    expect_golden(made(picture, "w=96,f=png," + GetParam().text, mark), GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(
    Place,
    GoldenMark,
    testing::Values(
        Case{"mark", "watermark=bottom-right"},
        Case{"mark-large", "watermark=top-left:60:100"},
        Case{"mark-centre", "watermark=centre:40:30"},
        Case{"mark-tile", "watermark=tile:25:60"}
    ),
    name_of_case
);

TEST(GoldenMark, IsTheSameFromEveryFormatOfMark) {
    const auto picture = test::make_scene(Format::kPng);
    for (const Format format : {Format::kPng, Format::kWebp}) {
        const Scene scene{.width_px = 40, .height_px = 40, .has_alpha = true};
        const auto mark = test::make_scene(format, scene);
        expect_golden(made(picture, "w=96,f=png,watermark=bottom-right", mark), "mark");
    }
}

// JPEG and WebP from JPEG take the lane of planes, the others that of libvips.
TEST(GoldenFormat, IsTheSamePictureInEveryOne) {
    for (const Format input : {Format::kJpeg, Format::kPng, Format::kWebp, Format::kTiff}) {
        const auto picture = test::make_scene(input);
        for (const char* output : {"jpeg", "webp", "avif"}) {
            SCOPED_TRACE(std::string(name_of(input)) + " to " + output);
            const auto format = std::string(",f=") + output;
            expect_golden(made(picture, "w=64" + format), "scale-down", kLossy);
            expect_golden(made(picture, "w=48,h=48,fit=cover" + format), "cover", kLossy);
            expect_golden(made(picture, "w=48,rotate=90" + format), "rotate-90", kLossy);
            const auto cut = made(picture, "crop=20x10x80x60,w=40,rotate=90" + format);
            expect_golden(cut, "crop-rotate", kLossy);
        }
        expect_golden(made(picture, "w=64,f=gif"), "scale-down", kPalette);
    }
}

TEST(GoldenOrientation, EachOfTheEightIsTheSameUpright) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
        SCOPED_TRACE(orientation);
        const auto stored = test::with_exif(
            test::make_scene(Format::kJpeg, {.orientation = orientation}),
            static_cast<std::uint16_t>(orientation)
        );
        expect_golden(made(stored, "w=64,f=png"), "scale-down", kLossy);
        expect_golden(made(stored, "w=64,f=jpeg"), "scale-down", kLossy);
        expect_golden(made(stored, "w=64,f=webp"), "scale-down", kLossy);
        expect_golden(made(stored, "w=64,f=avif"), "scale-down", kLossy);
        const std::string turned = "crop=20x10x80x60,w=40,rotate=90";
        expect_golden(made(stored, turned + ",f=png"), "crop-rotate", kLossy);
        expect_golden(made(stored, turned + ",f=jpeg"), "crop-rotate", kLossy);
        expect_golden(
            made(stored, "w=20,h=45,fit=cover,gravity=left,f=jpeg"), "gravity-left", kLossy
        );
    }
}

TEST(GoldenFrames, AreThoseOfTheStillPictures) {
    constexpr int kFrames = 4;
    const auto moving = test::make_scene_animation({}, kFrames);
    const auto webp = made(moving, "w=48,anim=1,f=webp");
    const auto gif = made(moving, "w=48,anim=1,f=gif");
    for (int i = 0; i < kFrames; ++i) {
        const auto name = "frame-" + std::to_string(i);
        expect_golden(made(test::make_scene(Format::kPng, {.phase = i}), "w=48,f=png"), name);
        expect_golden(webp, name, kPalette, i);
        expect_golden(gif, name, kPalette, i);
    }
}

TEST(GoldenLight, LinearLightIsAsItWas) {
    TransformRequest request;
    request.linear_light = true;
    const auto picture = test::make_scene(Format::kPng);
    expect_golden(made(picture, "w=40,f=png", {}, request), "linear-light");
}

TEST(GoldenDistance, SeesWhatAnEyeSees) {
    const auto picture = test::make_scene(Format::kPng);
    const auto small = made(picture, "w=64,f=png");
    const auto mean_of = [&](const std::string& text) {
        return test::distance_of(made(picture, text + ",f=png"), small).mean;
    };
    EXPECT_EQ(mean_of("w=64"), 0);
    EXPECT_EQ(mean_of("w=63"), 100);
    EXPECT_GT(mean_of("w=64,flip=h"), kLossy.mean);
    EXPECT_GT(mean_of("w=64,flip=v"), kLossy.mean);
    EXPECT_GT(mean_of("w=64,brightness=1.05"), test::kLossless.mean);
    EXPECT_GT(mean_of("w=64,saturation=0.9"), test::kLossless.mean);
    EXPECT_GT(mean_of("crop=2x0x158x119,w=64,h=48,fit=squeeze"), test::kLossless.mean);
}

}  // namespace
}  // namespace pixgate::imaging
