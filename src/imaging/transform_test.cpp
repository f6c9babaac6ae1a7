#include "imaging/transform.h"

#include <gtest/gtest.h>

#include "imaging/direct.h"
#include "imaging/probe.h"
#include "tests/support/bytes.h"
#include "tests/support/pictures.h"
#include "tests/support/sandboxes.h"

namespace pixgate::imaging {
namespace {

TransformAnswer transformed(const std::string& picture, const TransformRequest& request) {
    DirectImaging direct;
    const UniqueFd file = test::file_of(picture);
    auto answer = direct.transform(file.get(), picture.size(), request);
    EXPECT_TRUE(answer.has_value());
    return *std::move(answer);
}

TransformRequest box(std::uint32_t width_px, std::uint32_t height_px, Fit fit) {
    TransformRequest request;
    request.transform.width_px = width_px;
    request.transform.height_px = height_px;
    request.transform.fit = fit;
    return request;
}

bool is_near(test::Rgb a, test::Rgb b) {
    return std::abs(a.red - b.red) < 16 && std::abs(a.green - b.green) < 16 &&
           std::abs(a.blue - b.blue) < 16;
}

constexpr test::Rgb kRed{200, 20, 20}, kGreen{20, 180, 20}, kBlue{20, 20, 200};

TEST(Transform, MakesEverySizeItIsAskedFor) {
    for (const auto format : {Format::kJpeg, Format::kPng, Format::kWebp}) {
        const auto picture = test::make_picture(format, 431, 217);
        for (std::uint32_t width = 1; width < 400; width += 37) {
            for (const auto fit : {Fit::kCover, Fit::kPad}) {
                const auto answer = transformed(picture, box(width, 97, fit));
                ASSERT_EQ(answer.refusal, Refusal::kNone) << answer.detail;
                EXPECT_EQ(answer.facts.width_px, width);
                EXPECT_EQ(answer.facts.height_px, 97U);
            }
        }
    }
}

TEST(Transform, TellsTheTruthAboutItsOutput) {
    const auto picture = test::make_picture(Format::kPng, 120, 80);
    for (const auto output : {OutputFormat::kJpeg, OutputFormat::kPng, OutputFormat::kWebp}) {
        auto request = box(60, 0, Fit::kScaleDown);
        request.transform.format = output;
        const auto answer = transformed(picture, request);
        EXPECT_TRUE(check_output(answer, request).has_value());
        EXPECT_EQ(answer.facts.format, format_of(output));
        EXPECT_EQ(answer.facts.width_px, 60U);
        EXPECT_EQ(answer.facts.height_px, 40U);
    }
}

TEST(Transform, TurnsEachOrientationUprightOnce) {
    const auto upright = test::make_picture(Format::kJpeg, 64, 64);
    // Where the stored top-left (red) quadrant belongs in the upright picture.
    struct Case {
        std::uint16_t orientation;
        double across, down;
    };
    for (const auto& [orientation, across, down] :
         {Case{1, 0.2, 0.2},
          {2, 0.8, 0.2},
          {3, 0.8, 0.8},
          {4, 0.2, 0.8},
          {5, 0.2, 0.2},
          {6, 0.8, 0.2},
          {7, 0.8, 0.8},
          {8, 0.2, 0.8}}) {
        const auto answer =
            transformed(test::with_exif(upright, orientation), box(32, 0, Fit::kScaleDown));
        EXPECT_TRUE(is_near(test::pixel_at(answer.bytes, across, down), kRed)) << orientation;
        EXPECT_EQ(answer.facts.orientation, 1U);
    }
    // 5 and 6 differ in where the stored top-right (green) goes.
    const auto five = transformed(test::with_exif(upright, 5), box(32, 0, Fit::kScaleDown));
    const auto six = transformed(test::with_exif(upright, 6), box(32, 0, Fit::kScaleDown));
    EXPECT_TRUE(is_near(test::pixel_at(five.bytes, 0.2, 0.8), kGreen));
    EXPECT_TRUE(is_near(test::pixel_at(six.bytes, 0.8, 0.8), kGreen));
}

TEST(Transform, CutsTheMiddleOutOfATurnedPicture) {
    const auto picture = test::with_exif(test::make_picture(Format::kJpeg, 200, 100), 6);
    const auto answer = transformed(picture, box(50, 50, Fit::kCover));
    EXPECT_EQ(answer.facts.width_px, 50U);
    EXPECT_EQ(answer.facts.height_px, 50U);
    EXPECT_TRUE(is_near(test::pixel_at(answer.bytes, 0.9, 0.1), kRed));
    EXPECT_TRUE(is_near(test::pixel_at(answer.bytes, 0.1, 0.1), kBlue));
}

TEST(Transform, PutsTheBackgroundUnderTransparencyAndAroundThePicture) {
    auto request = box(40, 40, Fit::kPad);
    request.transform.background = {10, 200, 100};
    const auto flat = transformed(test::make_transparent_png(20, 20), request);
    EXPECT_TRUE(is_near(test::pixel_at(flat.bytes, 0.5, 0.5), {10, 200, 100}));
    EXPECT_FALSE(flat.facts.has_alpha);
    const auto padded = transformed(test::make_picture(Format::kPng, 40, 20), request);
    EXPECT_TRUE(is_near(test::pixel_at(padded.bytes, 0.5, 0.02), {10, 200, 100}));
    EXPECT_TRUE(is_near(test::pixel_at(padded.bytes, 0.1, 0.4), kRed));
}

TEST(Transform, KeepsTransparencyWhereTheFormatHasIt) {
    auto request = box(10, 0, Fit::kScaleDown);
    for (const auto output : {OutputFormat::kPng, OutputFormat::kWebp}) {
        request.transform.format = output;
        EXPECT_TRUE(transformed(test::make_transparent_png(20, 20), request).facts.has_alpha);
    }
}

TEST(Transform, TakesTheFirstFrameOfAnAnimation) {
    const auto answer = transformed(test::make_animation(40, 30, 4), box(20, 0, Fit::kScaleDown));
    EXPECT_EQ(answer.facts.width_px, 20U);
    EXPECT_EQ(answer.facts.height_px, 15U);
}

TEST(Transform, F86_LeavesMetadataBehind) {
    const auto picture =
        test::with_exif(test::make_picture(Format::kJpeg, 64, 48), 1, "SECRET-PLACE");
    for (const auto output : {OutputFormat::kJpeg, OutputFormat::kPng, OutputFormat::kWebp}) {
        auto request = box(0, 0, Fit::kScaleDown);
        request.transform.format = output;
        const auto answer = transformed(picture, request);
        ASSERT_EQ(answer.refusal, Refusal::kNone);
        EXPECT_FALSE(answer.bytes.contains("SECRET-PLACE")) << content_type_of(output);
        EXPECT_FALSE(answer.bytes.contains("Exif"));
        EXPECT_FALSE(answer.bytes.contains("eXIf"));
    }
}

TEST(Transform, F89_GivesTheSameBytesEachTime) {
    const auto picture = test::make_progressive_jpeg(300, 200);
    const auto first = transformed(picture, box(90, 90, Fit::kCover));
    const UniqueFd file = test::file_of(picture);
    for (int round = 0; round < 3; ++round) {
        const auto again =
            test::sandbox().transform(file.get(), picture.size(), box(90, 90, Fit::kCover));
        ASSERT_TRUE(again.has_value()) << again.error().message;
        EXPECT_TRUE(again->bytes == first.bytes);
    }
}

TEST(Transform, MakesEveryFormatInsideTheSandbox) {
    const auto picture = test::make_picture(Format::kPng, 400, 300);
    const UniqueFd file = test::file_of(picture);
    for (const auto output :
         {OutputFormat::kJpeg, OutputFormat::kPng, OutputFormat::kWebp, OutputFormat::kAvif,
          OutputFormat::kGif}) {
        auto request = box(200, 0, Fit::kScaleDown);
        request.transform.format = output;
        const auto answer = test::sandbox().transform(file.get(), picture.size(), request);
        ASSERT_TRUE(answer.has_value()) << content_type_of(output) << answer.error().message;
        ASSERT_EQ(answer->refusal, Refusal::kNone) << answer->detail;
        EXPECT_EQ(answer->facts.height_px, 150U);
    }
}

TEST(Transform, KeepsAnimationsInsideTheSandbox) {
    const auto picture = test::make_animation(60, 40, 7);
    const UniqueFd file = test::file_of(picture);
    for (const auto output : {OutputFormat::kWebp, OutputFormat::kGif}) {
        auto request = box(30, 0, Fit::kScaleDown);
        request.transform.format = output;
        request.transform.animate = true;
        const auto answer = test::sandbox().transform(file.get(), picture.size(), request);
        ASSERT_TRUE(answer.has_value()) << content_type_of(output) << answer.error().message;
        ASSERT_EQ(answer->refusal, Refusal::kNone) << answer->detail;
        EXPECT_GT(answer->facts.frames, 1U);
        EXPECT_LE(answer->facts.frames, 7U);
        EXPECT_EQ(answer->facts.height_px, 20U);
    }
}

TEST(Transform, F83_DrawsSvgInsideTheSandboxOnlyWhereItIsAllowed) {
    const std::string picture =
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 40 30'>"
        "<rect width='40' height='30' fill='#c81414'/></svg>";
    const UniqueFd file = test::file_of(picture);
    auto request = box(400, 0, Fit::kScaleDown);
    request.transform.enlarge = true;
    const auto refused = test::sandbox().transform(file.get(), picture.size(), request);
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->refusal, Refusal::kTypeNotAllowed);
    request.allowed.add(Format::kSvg);
    const auto drawn = test::sandbox().transform(file.get(), picture.size(), request);
    ASSERT_TRUE(drawn.has_value()) << drawn.error().message;
    ASSERT_EQ(drawn->refusal, Refusal::kNone) << drawn->detail;
    EXPECT_EQ(drawn->facts.height_px, 300U);
    EXPECT_TRUE(is_near(test::pixel_at(drawn->bytes, 0.5, 0.5), {200, 20, 20}));
}

TEST(Transform, RefusesSenselessRequests) {
    const auto is_refused = [](auto change) {
        TransformRequest request;
        change(request);
        return !check_request(request).has_value();
    };
    EXPECT_FALSE(is_refused([](auto&) {}));
    EXPECT_TRUE(is_refused([](auto& r) { r.transform.quality = 101; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.transform.format = OutputFormat::kAuto; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.transform.width_px = 4'097; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.transform.height_px = 100'000; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.transform.rotate_degrees = 45; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.transform.gravity.x_permille = 1'001; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.transform.crop = {5, 5, 0, 5}; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.transform.blur_tenths = 1'001; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.transform.sharpen_tenths = 101; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.transform.contrast_percent = 101; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.transform.watermark.is_on = true; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.effort = 7; }));
    EXPECT_TRUE(is_refused([](auto& r) { r.max_output_pixels = 0; }));
}

TEST(Transform, SaysWhenTheOutputDoesNotFit) {
    auto request = box(0, 0, Fit::kScaleDown);
    request.max_output_bytes = 100;
    const auto picture = test::make_picture(Format::kJpeg, 64, 48);
    const UniqueFd file = test::file_of(picture);
    const auto answer = test::sandbox().transform(file.get(), picture.size(), request);
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->refusal, Refusal::kProductsTooLarge);
    EXPECT_TRUE(answer->bytes.empty());
}

TEST(Transform, RefusesAPictureOfAnotherSizeThanItsHeaderSays) {
    auto avif = test::make_picture(Format::kAvif, 80, 60);
    const auto at = avif.find("ispe");
    ASSERT_NE(at, std::string::npos);
    avif[at + 11] = 40;
    const auto answer = transform_bytes(test::as_bytes(avif), box(20, 0, Fit::kScaleDown));
    EXPECT_EQ(answer.refusal, Refusal::kBroken) << answer.facts.width_px;
}

TEST(CheckOutput, RefusesAPictureThatIsNotTheOneAskedFor) {
    const auto request = box(20, 0, Fit::kScaleDown);
    const auto good = transformed(test::make_picture(Format::kPng, 40, 30), request);
    ASSERT_TRUE(check_output(good, request).has_value());
    const auto is_refused = [&](auto change) {
        TransformAnswer answer = good;
        change(answer);
        const auto checked = check_output(answer, request);
        return !checked && checked.error().code == Errc::kCrashed;
    };
    EXPECT_TRUE(is_refused([](auto& a) { a.bytes = "<html>"; }));
    EXPECT_TRUE(is_refused([](auto& a) { a.bytes.clear(); }));
    EXPECT_TRUE(is_refused([](auto& a) { a.facts.width_px = 21; }));
    EXPECT_TRUE(is_refused([](auto& a) { a.facts.format = Format::kWebp; }));
    EXPECT_TRUE(is_refused([](auto& a) { a.facts.orientation = 6; }));
    EXPECT_TRUE(is_refused([](auto& a) { a.facts.frames = 2; }));
    EXPECT_TRUE(is_refused([](auto& a) { a.bytes = test::make_picture(Format::kPng, 20, 15); }));
}

}  // namespace
}  // namespace pixgate::imaging
