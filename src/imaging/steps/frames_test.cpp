#include <gtest/gtest.h>

#include <vips/vips8>

#include "imaging/probe.h"
#include "imaging/transform.h"
#include "imaging/vips_setup.h"
#include "tests/support/bytes.h"
#include "tests/support/pictures.h"

namespace pixgate::imaging {
namespace {

using test::as_bytes;
using vips::VImage;

// Frames of one colour each, with these delays, shown `loops` times.
std::string moving(const std::vector<int>& delays, int loops, Format format) {
    EXPECT_TRUE(start_vips().has_value());
    const int count = static_cast<int>(delays.size());
    VImage strip = VImage::black(40, 20 * count, VImage::option()->set("bands", 3));
    for (int i = 0; i < count; ++i) {
        const double level = 250.0 * i / count;
        strip = strip.insert(
            VImage::black(40, 20).new_from_image({level, 255 - level, 60}).cast(VIPS_FORMAT_UCHAR),
            0, 20 * i
        );
    }
    strip = strip.copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB));
    strip.set("page-height", 20);
    strip.set("delay", delays);
    strip.set("loop", loops);
    VipsBlob* blob = format == Format::kGif ? strip.gifsave_buffer() : strip.webpsave_buffer();
    std::size_t bytes = 0;
    const void* data = vips_blob_get(blob, &bytes);
    std::string out(static_cast<const char*>(data), bytes);
    vips_area_unref(VIPS_AREA(blob));
    return out;
}

TransformRequest animated(OutputFormat format, std::uint32_t width) {
    TransformRequest request;
    request.transform.animate = true;
    request.transform.format = format;
    request.transform.width_px = width;
    return request;
}

VImage opened(const std::string& bytes) {
    return VImage::new_from_buffer(bytes.data(), bytes.size(), "", VImage::option()->set("n", -1));
}

TEST(Frames, AreAllKeptWithTheirTimes) {
    const std::vector<int> delays{100, 40, 0, 10, 250};
    for (const auto input : {Format::kGif, Format::kWebp}) {
        for (const auto output : {OutputFormat::kGif, OutputFormat::kWebp}) {
            const auto picture = moving(delays, 3, input);
            const auto request = animated(output, 20);
            const auto answer = transform_bytes(as_bytes(picture), request);
            ASSERT_EQ(answer.refusal, Refusal::kNone) << answer.detail;
            EXPECT_TRUE(check_output(answer, request).has_value());
            EXPECT_EQ(answer.facts.frames, 5U);
            EXPECT_EQ(answer.facts.width_px, 20U);
            EXPECT_EQ(answer.facts.height_px, 10U);
            const VImage image = opened(answer.bytes);
            // Browsers show what is under 20 ms for 100 ms.
            EXPECT_EQ(image.get_array_int("delay"), (std::vector{100, 40, 100, 100, 250}));
            EXPECT_EQ(image.get_int("loop"), 3);
            for (int i = 0; i < 5; ++i)
                EXPECT_NEAR(image.getpoint(10, 10 * i + 5).at(0), 50.0 * i, 14);
        }
    }
}

TEST(Frames, AreCutAndTurnedAlike) {
    const auto picture = moving({100, 100, 100}, 0, Format::kGif);
    auto request = animated(OutputFormat::kWebp, 10);
    request.transform.height_px = 10;
    request.transform.fit = Fit::kCover;
    request.transform.gravity.kind = GravityKind::kSmart;
    request.transform.rotate_degrees = 90;
    request.transform.trim_tolerance = 10;
    request.transform.grayscale = true;
    const auto answer = transform_bytes(as_bytes(picture), request);
    ASSERT_EQ(answer.refusal, Refusal::kNone) << answer.detail;
    EXPECT_EQ(answer.facts.frames, 3U);
    EXPECT_EQ(answer.facts.width_px, 10U);
    EXPECT_EQ(opened(answer.bytes).get_int("loop"), 0);
}

TEST(Frames, AreOneUnlessAllAreAskedFor) {
    const auto picture = moving({100, 100, 100}, 0, Format::kGif);
    for (const auto output : {OutputFormat::kJpeg, OutputFormat::kPng, OutputFormat::kAvif}) {
        const auto answer = transform_bytes(as_bytes(picture), animated(output, 20));
        ASSERT_EQ(answer.refusal, Refusal::kNone) << answer.detail;
        EXPECT_EQ(answer.facts.frames, 1U);
        EXPECT_EQ(answer.facts.height_px, 10U);
    }
    auto still = animated(OutputFormat::kWebp, 20);
    still.transform.animate = false;
    EXPECT_EQ(transform_bytes(as_bytes(picture), still).facts.frames, 1U);
    const auto single = test::make_picture(Format::kGif, 40, 20);
    const auto answer = transform_bytes(as_bytes(single), animated(OutputFormat::kWebp, 20));
    EXPECT_EQ(answer.facts.frames, 1U);
}

TEST(Frames, F79_AreHeldToTheirLimits) {
    const auto picture = moving({100, 100, 100}, 0, Format::kGif);
    auto request = animated(OutputFormat::kWebp, 40);
    request.max_total_output_pixels = 40 * 20 * 3 - 1;
    EXPECT_EQ(transform_bytes(as_bytes(picture), request).refusal, Refusal::kOutputTooLarge);
    ++request.max_total_output_pixels;
    const auto answer = transform_bytes(as_bytes(picture), request);
    EXPECT_EQ(answer.refusal, Refusal::kNone);
    request.limits.max_frames = 2;
    EXPECT_EQ(transform_bytes(as_bytes(picture), request).refusal, Refusal::kTooManyFrames);
    EXPECT_FALSE(check_output(answer, request).has_value());
    request.limits.max_frames = 3;
    request.transform.animate = false;
    EXPECT_FALSE(check_output(answer, request).has_value());
}

}  // namespace
}  // namespace pixgate::imaging
