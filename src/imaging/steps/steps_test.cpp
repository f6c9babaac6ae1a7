// What each step does to pixels, through the whole transform.
#include <gtest/gtest.h>

#include <cmath>
#include <vips/vips8>

#include "imaging/probe.h"
#include "imaging/transform.h"
#include "imaging/vips_setup.h"
#include "tests/support/bytes.h"
#include "tests/support/pictures.h"

namespace pixgate::imaging {
namespace {

using test::as_bytes;
using test::pixel_at;

constexpr test::Rgb kRed{200, 20, 20}, kGreen{20, 180, 20}, kBlue{20, 20, 200},
    kYellow{220, 200, 20};

TransformRequest request_for(OutputFormat format = OutputFormat::kPng) {
    TransformRequest request;
    request.transform.format = format;
    return request;
}

TransformAnswer made(const std::string& picture, const TransformRequest& request) {
    EXPECT_TRUE(start_vips().has_value());
    TransformAnswer answer = transform_bytes(as_bytes(picture), request);
    EXPECT_EQ(answer.refusal, Refusal::kNone) << answer.detail;
    return answer;
}

void expect_near(test::Rgb a, test::Rgb b, int most = 12) {
    EXPECT_NEAR(a.red, b.red, most);
    EXPECT_NEAR(a.green, b.green, most);
    EXPECT_NEAR(a.blue, b.blue, most);
}

// Quadrants of 40 x 30 on an even border of white.
std::string bordered_png() {
    auto request = request_for();
    request.transform.width_px = 80;
    request.transform.height_px = 60;
    request.transform.fit = Fit::kPad;
    request.transform.background = Rgb{255, 255, 255};
    return made(test::make_picture(Format::kPng, 40, 30), request).bytes;
}

std::vector<double> raw_at(const std::string& encoded, int x, int y) {
    return vips::VImage::new_from_buffer(encoded.data(), encoded.size(), "").getpoint(x, y);
}

TEST(Step, RotatesAndFlips) {
    const auto picture = test::make_picture(Format::kPng, 64, 32);
    auto request = request_for();
    request.transform.rotate_degrees = 90;
    const auto turned = made(picture, request);
    EXPECT_EQ(turned.facts.width_px, 32U);
    EXPECT_EQ(turned.facts.height_px, 64U);
    expect_near(pixel_at(turned.bytes, 0.9, 0.1), kRed);
    expect_near(pixel_at(turned.bytes, 0.1, 0.1), kBlue);
    request.transform.flip = Flip::kHorizontal;
    expect_near(pixel_at(made(picture, request).bytes, 0.1, 0.1), kRed);
    request.transform.rotate_degrees = 0;
    request.transform.flip = Flip::kBoth;
    expect_near(pixel_at(made(picture, request).bytes, 0.1, 0.1), kYellow);
}

TEST(Step, CutsTheSamePartHoweverThePictureIsStored) {
    const auto upright = test::make_picture(Format::kJpeg, 160, 160);
    for (std::uint16_t orientation = 1; orientation <= 8; ++orientation) {
        auto request = request_for();
        request.transform.crop = {80, 0, 80, 80};
        request.transform.width_px = 40;
        // A picture stored like this, and turned upright whole, has this colour there.
        const auto stored = test::with_exif(upright, orientation);
        auto whole = request_for();
        const auto expected = pixel_at(made(stored, whole).bytes, 0.75, 0.25);
        const auto answer = made(stored, request);
        expect_near(pixel_at(answer.bytes, 0.5, 0.5), expected);
        EXPECT_EQ(answer.facts.width_px, 40U);
        EXPECT_EQ(answer.facts.height_px, 40U);
    }
}

TEST(Step, RefusesACutOutside) {
    auto request = request_for();
    request.transform.crop = {100, 0, 10, 10};
    const auto picture = test::make_picture(Format::kPng, 100, 50);
    ASSERT_TRUE(start_vips().has_value());
    EXPECT_EQ(transform_bytes(as_bytes(picture), request).refusal, Refusal::kCropOutside);
}

TEST(Step, TrimsEvenBorders) {
    auto request = request_for();
    request.transform.trim_tolerance = 10;
    const auto answer = made(bordered_png(), request);
    EXPECT_EQ(answer.facts.width_px, 40U);
    EXPECT_EQ(answer.facts.height_px, 30U);
    expect_near(pixel_at(answer.bytes, 0, 0), kRed);
    request.transform.rotate_degrees = 90;
    EXPECT_EQ(made(bordered_png(), request).facts.width_px, 30U);
    // Nothing but border: all of it stays.
    auto even = request_for();
    even.transform.crop = {0, 0, 10, 10};
    const auto blank = made(bordered_png(), even).bytes;
    EXPECT_EQ(made(blank, request).facts.width_px, 10U);
}

TEST(Step, TrimsTransparentBorders) {
    auto request = request_for();
    request.transform.width_px = request.transform.height_px = 60;
    request.transform.fit = Fit::kPad;
    const auto padded = made(test::make_picture(Format::kPng, 30, 20), request).bytes;
    auto trimming = request_for();
    trimming.transform.trim_tolerance = 10;
    const auto answer = made(padded, trimming);
    EXPECT_EQ(answer.facts.width_px, 30U);
    EXPECT_EQ(answer.facts.height_px, 20U);
}

TEST(Step, KeepsWhatGravitySays) {
    const auto picture = test::make_picture(Format::kPng, 120, 60);
    const auto left_of = [&](Gravity gravity) {
        auto request = request_for();
        request.transform.width_px = request.transform.height_px = 30;
        request.transform.fit = Fit::kCover;
        request.transform.gravity = gravity;
        return pixel_at(made(picture, request).bytes, 0.1, 0.1);
    };
    expect_near(left_of({.kind = GravityKind::kLeft}), kRed);
    expect_near(left_of({.kind = GravityKind::kRight}), kGreen);
    expect_near(left_of({GravityKind::kPoint, 900, 500}), kGreen);
    expect_near(left_of({.kind = GravityKind::kCentre}), kRed);
}

TEST(Step, FindsWhereMostHappens) {
    // Something bright and detailed on the right of an even grey.
    auto pad = request_for();
    pad.transform.width_px = 400;
    pad.transform.height_px = 100;
    pad.transform.fit = Fit::kPad;
    pad.transform.gravity.kind = GravityKind::kRight;
    pad.transform.background = Rgb{120, 120, 120};
    const auto picture = made(test::make_picture(Format::kPng, 80, 80), pad).bytes;
    auto request = request_for();
    request.transform.width_px = request.transform.height_px = 50;
    request.transform.fit = Fit::kCover;
    request.transform.gravity.kind = GravityKind::kSmart;
    const auto cut = made(picture, request).bytes;
    const auto middle = pixel_at(cut, 0.5, 0.3);
    EXPECT_GT(std::abs(middle.red - 120) + std::abs(middle.green - 120), 60);
}

TEST(Step, KeepsTransparencyClean) {
    // Red opaque beside green transparent: no green may come through.
    const auto picture = [] {
        EXPECT_TRUE(start_vips().has_value());
        vips::VImage left = vips::VImage::black(32, 32, vips::VImage::option()->set("bands", 4))
                                .linear({1, 1, 1, 1}, {255, 0, 0, 255})
                                .cast(VIPS_FORMAT_UCHAR);
        vips::VImage right = vips::VImage::black(32, 32, vips::VImage::option()->set("bands", 4))
                                 .linear({1, 1, 1, 1}, {0, 255, 0, 0})
                                 .cast(VIPS_FORMAT_UCHAR);
        VipsBlob* blob =
            left.join(right, VIPS_DIRECTION_HORIZONTAL)
                .copy(vips::VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB))
                .pngsave_buffer();
        std::size_t bytes = 0;
        const void* data = vips_blob_get(blob, &bytes);
        std::string out(static_cast<const char*>(data), bytes);
        vips_area_unref(VIPS_AREA(blob));
        return out;
    }();
    for (const bool is_linear : {false, true}) {
        for (const std::uint16_t blur : {std::uint16_t{0}, std::uint16_t{20}}) {
            auto request = request_for();
            request.transform.width_px = 21;
            request.transform.blur_tenths = blur;
            request.linear_light = is_linear;
            const auto answer = made(picture, request);
            EXPECT_TRUE(answer.facts.has_alpha);
            for (int x = 0; x < 21; ++x) {
                const auto pixel = raw_at(answer.bytes, x, 10);
                if (pixel.at(3) > 16) {
                    EXPECT_GT(pixel.at(0), 240) << x << is_linear << blur;
                    EXPECT_LT(pixel.at(1), 16) << x << is_linear << blur;
                }
            }
            EXPECT_GT(raw_at(answer.bytes, 1, 10).at(3), 250);
            EXPECT_LT(raw_at(answer.bytes, 19, 10).at(3), 5);
        }
    }
}

TEST(Step, AveragesLightWhereItIsAskedTo) {
    // Columns of black and white, scaled to grey: 188 in linear light, 128 in sRGB's numbers.
    EXPECT_TRUE(start_vips().has_value());
    const vips::VImage columns =
        (vips::VImage::xyz(64, 64).extract_band(0) % 2 * 255).cast(VIPS_FORMAT_UCHAR);
    const vips::VImage image = columns.bandjoin(columns).bandjoin(columns).copy(
        vips::VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB)
    );
    // JPEG and WebP can be shrunk by their decoders.
    for (const char* format : {".png", ".jpg[Q=95]", ".webp[Q=95]"}) {
        std::size_t bytes = 0;
        void* data = nullptr;
        image.write_to_buffer(format, &data, &bytes);
        const std::string picture(static_cast<const char*>(data), bytes);
        g_free(data);
        auto request = request_for();
        request.transform.width_px = 8;
        EXPECT_NEAR(pixel_at(made(picture, request).bytes, 0.5, 0.5).red, 128, 4) << format;
        request.linear_light = true;
        EXPECT_NEAR(pixel_at(made(picture, request).bytes, 0.5, 0.5).red, 188, 4) << format;
    }
}

TEST(Step, PadsWithNothingWhereTheFormatCanBeTransparent) {
    auto request = request_for();
    request.transform.width_px = request.transform.height_px = 50;
    request.transform.fit = Fit::kPad;
    const auto picture = test::make_picture(Format::kPng, 40, 20);
    const auto clear = made(picture, request);
    EXPECT_TRUE(clear.facts.has_alpha);
    EXPECT_EQ(raw_at(clear.bytes, 0, 0).at(3), 0);
    EXPECT_EQ(raw_at(clear.bytes, 25, 25).at(3), 255);
    request.transform.background = Rgb{1, 2, 3};
    const auto filled = made(picture, request);
    EXPECT_FALSE(filled.facts.has_alpha);
    expect_near(pixel_at(filled.bytes, 0, 0), {1, 2, 3}, 0);
    request.transform.background.reset();
    request.transform.format = OutputFormat::kJpeg;
    expect_near(pixel_at(made(picture, request).bytes, 0, 0), {255, 255, 255}, 4);
}

TEST(Step, FlattensOntoTheBackgroundThatIsAskedFor) {
    auto request = request_for();
    request.transform.background = Rgb{10, 200, 100};
    const auto answer = made(test::make_transparent_png(20, 20), request);
    EXPECT_FALSE(answer.facts.has_alpha);
    expect_near(pixel_at(answer.bytes, 0.5, 0.5), {10, 200, 100}, 0);
}

TEST(Step, Blurs) {
    const auto picture = test::make_picture(Format::kPng, 200, 200);
    for (const int tenths : {30, 80, 81, 200, 1000}) {
        auto request = request_for();
        request.transform.blur_tenths = static_cast<std::uint16_t>(tenths);
        const auto answer = made(picture, request);
        EXPECT_EQ(answer.facts.width_px, 200U);
        // On the edge between red and green both are mixed.
        const auto middle = pixel_at(answer.bytes, 0.5, 0.1);
        EXPECT_NEAR(middle.red, 110, 25) << tenths;
        EXPECT_NEAR(middle.green, 100, 25) << tenths;
    }
}

TEST(Step, BlursLargelyAsItBlursExactly) {
    // Just below and just above where a smaller copy is taken.
    const auto picture = test::make_picture(Format::kPng, 160, 160);
    auto request = request_for();
    request.transform.blur_tenths = 80;
    const auto exact = made(picture, request).bytes;
    request.transform.blur_tenths = 81;
    const auto quick = made(picture, request).bytes;
    for (double across = 0; across <= 1; across += 0.05)
        expect_near(pixel_at(exact, across, 0.3), pixel_at(quick, across, 0.3), 6);
}

TEST(Step, SharpensEdgesAndLeavesEvenParts) {
    auto soft = request_for();
    soft.transform.blur_tenths = 15;
    const auto picture = made(test::make_picture(Format::kPng, 100, 100), soft).bytes;
    auto request = request_for();
    request.transform.sharpen_tenths = 20;
    const auto sharp = made(picture, request).bytes;
    expect_near(pixel_at(sharp, 0.1, 0.1), kRed, 3);
    // From blue to yellow, which is much lighter.
    const auto step = [](const std::string& image) {
        return raw_at(image, 51, 80).at(1) - raw_at(image, 48, 80).at(1);
    };
    EXPECT_GT(step(sharp), step(picture));
}

TEST(Step, AdjustsAsCssFiltersDo) {
    const auto picture = test::make_picture(Format::kPng, 20, 20);
    const auto with = [&](auto change) {
        auto request = request_for();
        change(request.transform);
        return pixel_at(made(picture, request).bytes, 0.1, 0.1);
    };
    expect_near(with([](Transform& t) { t.brightness_percent = -50; }), {100, 10, 10}, 1);
    expect_near(with([](Transform& t) { t.brightness_percent = 100; }), {255, 40, 40}, 1);
    expect_near(with([](Transform& t) { t.brightness_percent = -100; }), {0, 0, 0}, 0);
    expect_near(with([](Transform& t) { t.contrast_percent = -100; }), {128, 128, 128}, 1);
    expect_near(with([](Transform& t) { t.contrast_percent = 50; }), {236, 0, 0}, 1);
    // 0.2126 x 200 + 0.7874 x 20
    expect_near(with([](Transform& t) { t.saturation_percent = -100; }), {58, 58, 58}, 1);
    expect_near(with([](Transform& t) { t.saturation_percent = 20; }), {228, 12, 12}, 1);
    const auto grey = with([](Transform& t) { t.grayscale = true; });
    EXPECT_EQ(grey.red, grey.green);
    EXPECT_EQ(grey.red, grey.blue);
}

TEST(Step, LeavesAlphaAloneWhileItAdjusts) {
    auto request = request_for();
    request.transform.brightness_percent = -50;
    request.transform.contrast_percent = 30;
    request.transform.saturation_percent = 30;
    request.transform.grayscale = true;
    request.transform.sharpen_tenths = 10;
    const auto answer = made(test::make_transparent_png(20, 20), request);
    ASSERT_TRUE(answer.facts.has_alpha);
    EXPECT_EQ(raw_at(answer.bytes, 5, 5).at(3), 0);
}

std::string with_mark(
    const std::string& picture, const std::string& mark, TransformRequest& request
) {
    request.mark_bytes = mark.size();
    return picture + mark;
}

TEST(Step, LaysTheWatermarkWhereItBelongs) {
    const auto picture = test::make_picture(Format::kPng, 200, 100);
    const auto mark = test::make_picture(Format::kPng, 10, 10);
    auto request = request_for();
    request.transform.watermark = {
        .is_on = true,
        .position = GravityKind::kTopLeft,
        .scale_percent = 40,
        .opacity_percent = 100
    };
    // 40 px large, 2 px from the edges: its blue quadrant lies on red.
    const auto answer = made(with_mark(picture, mark, request), request);
    EXPECT_EQ(answer.facts.width_px, 200U);
    expect_near(pixel_at(answer.bytes, 10.0 / 199, 34.0 / 99), kBlue);
    expect_near(pixel_at(answer.bytes, 0, 0), kRed, 2);
    request.transform.watermark.opacity_percent = 50;
    const auto faint = made(with_mark(picture, mark, request), request);
    expect_near(pixel_at(faint.bytes, 10.0 / 199, 34.0 / 99), {110, 20, 110});
    request.transform.watermark.position = GravityKind::kBottomRight;
    const auto corner = made(with_mark(picture, mark, request), request);
    expect_near(pixel_at(corner.bytes, 166.0 / 199, 64.0 / 99), {210, 110, 20});
    request.transform.watermark.is_tiled = true;
    const auto tiled = made(with_mark(picture, mark, request), request);
    expect_near(pixel_at(tiled.bytes, 5.0 / 199, 53.0 / 99), {110, 20, 110}, 60);
}

TEST(Step, SaysWhenTheWatermarkIsNone) {
    const auto picture = test::make_picture(Format::kPng, 20, 20);
    auto request = request_for();
    request.transform.watermark.is_on = true;
    EXPECT_FALSE(check_request(request).has_value());
    const auto joined = with_mark(picture, "<svg/>", request);
    EXPECT_TRUE(check_request(request).has_value());
    ASSERT_TRUE(start_vips().has_value());
    const auto answer = transform_bytes(as_bytes(joined), request);
    EXPECT_EQ(answer.refusal, Refusal::kBroken);
    EXPECT_TRUE(answer.detail.contains("watermark")) << answer.detail;
}

TEST(Step, EncodesEveryFormat) {
    const auto picture = test::make_picture(Format::kPng, 120, 80);
    for (const auto format :
         {OutputFormat::kJpeg, OutputFormat::kPng, OutputFormat::kWebp, OutputFormat::kAvif,
          OutputFormat::kGif}) {
        auto request = request_for(format);
        request.transform.width_px = 60;
        const auto answer = made(picture, request);
        const auto checked = check_output(answer, request);
        EXPECT_TRUE(checked.has_value()) << content_type_of(format);
        expect_near(pixel_at(answer.bytes, 0.2, 0.2), kRed, 14);
        expect_near(pixel_at(answer.bytes, 0.8, 0.8), kYellow, 14);
    }
}

}  // namespace
}  // namespace pixgate::imaging
