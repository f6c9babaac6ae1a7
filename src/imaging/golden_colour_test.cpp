// Pictures in other colours than 8-bit sRGB, and with borders, held against stored ones: those of
// the plain picture wherever it must come out. The last of each name is the one without loss, so
// that it is what is stored.
#include <gtest/gtest.h>

#include <vips/vips8>

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
using vips::VImage;

constexpr Distance kLossy{4.5, 60};

std::string made(
    const std::string& picture, const std::string& text, TransformRequest request = {}
) {
    const auto transform = parse_transform(text);
    EXPECT_TRUE(transform.has_value()) << text;
    request.transform = transform.value_or(Transform{});
    const auto answer = transform_bytes(test::as_bytes(picture), request);
    EXPECT_EQ(answer.refusal, Refusal::kNone) << text << ": " << answer.detail;
    return answer.bytes;
}

VImage scene(bool has_alpha = false) {
    const auto png = test::make_scene(Format::kPng, {.has_alpha = has_alpha});
    return VImage::new_from_buffer(png.data(), png.size(), "").copy_memory();
}

std::string encoded(const VImage& image, const char* suffix) {
    void* data = nullptr;
    std::size_t bytes = 0;
    image.write_to_buffer(suffix, &data, &bytes);
    std::string out(static_cast<const char*>(data), bytes);
    g_free(data);
    return out;
}

VImage sixteen_bits(const VImage& image) {
    const bool is_grey = image.bands() < 3;
    return (image * 257)
        .cast(VIPS_FORMAT_USHORT)
        .copy(VImage::option()->set(
            "interpretation", is_grey ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16
        ));
}

VImage in_profile(const char* profile) {
    return scene().icc_transform(profile, VImage::option()->set("input_profile", "srgb"));
}

// The same numbers, meant as another profile's colours.
VImage meant_as(const VImage& image, const char* profile) {
    const VImage with_profile = in_profile(profile);
    std::size_t bytes = 0;
    const void* data = with_profile.get_blob(VIPS_META_ICC_NAME, &bytes);
    const VImage out = image.copy();
    vips_image_set_blob_copy(out.get_image(), VIPS_META_ICC_NAME, data, bytes);
    return out;
}

VImage with_border(const VImage& image, std::vector<double> colour, int noise) {
    const int width = image.width() + 50, height = image.height() + 30;
    const VImage border = VImage::black(width, height).new_from_image(std::move(colour));
    const VImage speckles = VImage::xyz(width, height).extract_band(0) * 7 % (noise + 1);
    return (border + speckles)
        .cast(VIPS_FORMAT_UCHAR)
        .insert(image, 20, 10)
        .copy(VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB));
}

class GoldenColour : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(start_vips().has_value()); }
};

TEST_F(GoldenColour, CmykIsTheSameFromEveryFileThatHoldsIt) {
    const VImage cmyk = in_profile("cmyk");
    expect_golden(made(encoded(cmyk, ".jpg[Q=96]"), "w=64,f=png"), "cmyk", kLossy);
    // Without a profile it is taken for that of common printers.
    expect_golden(made(encoded(cmyk, ".tif[strip]"), "w=64,f=png"), "cmyk");
    expect_golden(made(encoded(cmyk, ".jpg[Q=96,strip]"), "w=64,f=jpeg"), "cmyk", kLossy);
    expect_golden(made(encoded(cmyk, ".jpg[Q=96]"), "w=64,f=webp"), "cmyk", kLossy);
    expect_golden(made(encoded(cmyk, ".tif"), "w=64,f=png"), "cmyk");
}

TEST_F(GoldenColour, SixteenBitsAreThePictureOfEight) {
    for (const char* suffix : {".png", ".tif"}) {
        SCOPED_TRACE(suffix);
        const auto opaque = encoded(sixteen_bits(scene()), suffix);
        expect_golden(made(opaque, "w=64,f=png"), "scale-down");
        expect_golden(made(opaque, "w=48,rotate=90,f=png"), "rotate-90");
        expect_golden(made(opaque, "w=64,f=jpeg"), "scale-down", kLossy);
        const auto faded = encoded(sixteen_bits(scene(true)), suffix);
        expect_golden(made(faded, "w=64,f=png"), "alpha");
        expect_golden(made(faded, "w=64,background=ff8800,f=png"), "alpha-background");
    }
}

TEST_F(GoldenColour, DisplayP3IsMoreColourfulThanItsNumbers) {
    const auto jpeg = encoded(meant_as(scene(), "p3"), ".jpg[Q=96,subsample-mode=off]");
    expect_golden(made(jpeg, "w=64,f=png"), "display-p3", kLossy);
    expect_golden(made(jpeg, "w=64,f=jpeg"), "display-p3", kLossy);
    for (const char* suffix : {".png", ".tif", ".webp[lossless]"}) {
        SCOPED_TRACE(suffix);
        const auto wide = encoded(meant_as(scene(), "p3"), suffix);
        expect_golden(made(wide, "w=64,f=png"), "display-p3");
        expect_golden(made(wide, "w=64,f=webp"), "display-p3", kLossy);
        TransformRequest keeps;
        keeps.keep_wide_gamut = true;
        expect_golden(made(wide, "w=64,f=png", keeps), "scale-down");
    }
}

TEST_F(GoldenColour, DisplayP3OfAnSrgbPictureIsThatPicture) {
    constexpr Distance kTwiceRounded{1, 8};
    const auto wide = encoded(in_profile("p3"), ".png");
    expect_golden(made(wide, "w=64,f=png"), "scale-down", kTwiceRounded);
}

TEST_F(GoldenColour, GreyKeepsItsAlphaAtEitherDepth) {
    const VImage faded = scene(true);
    const VImage grey = faded.colourspace(VIPS_INTERPRETATION_B_W);
    ASSERT_EQ(grey.bands(), 2);
    for (const char* suffix : {".png", ".tif"}) {
        SCOPED_TRACE(suffix);
        for (const auto& picture : {encoded(grey, suffix), encoded(sixteen_bits(grey), suffix)}) {
            expect_golden(made(picture, "w=64,f=png"), "grey-alpha");
            expect_golden(made(picture, "w=64,f=webp"), "grey-alpha", kLossy);
            expect_golden(made(picture, "w=64,background=ff8800,f=png"), "grey-on-colour");
        }
    }
}

TEST_F(GoldenColour, TrimmedOfItsBorderItIsThePictureThatWasInIt) {
    const auto even = encoded(with_border(scene(), {250, 250, 250}, 0), ".png");
    const auto uneven = encoded(with_border(scene(), {12, 120, 30}, 4), ".png");
    for (const auto& picture : {even, uneven}) {
        expect_golden(made(picture, "trim=10,w=64,f=png"), "scale-down");
        expect_golden(made(picture, "trim=10,w=48,h=48,fit=cover,f=png"), "cover");
        expect_golden(made(picture, "trim=10,w=48,rotate=90,f=png"), "rotate-90");
        expect_golden(made(picture, "trim=10,w=64,f=webp"), "scale-down", kLossy);
    }
    // Within the tolerance of the corner's colour only.
    expect_golden(made(uneven, "trim=1,w=64,f=png"), "trim-too-little");
    const auto clear = encoded(with_border(scene(true), {0, 0, 0, 0}, 0), ".png");
    expect_golden(made(clear, "trim=10,w=64,f=png"), "trim-alpha");
}

}  // namespace
}  // namespace pixgate::imaging
