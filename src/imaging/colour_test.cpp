// Colours that come in another way than 8-bit sRGB. What is expected was worked out with littleCMS
// on what libjpeg and libpng decode, from the profiles the pictures carry and from those that
// Debian ships (a98.icc for Adobe RGB), none of it with code of this project.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vips/vips8>

#include "imaging/sandbox/sandbox.h"
#include "imaging/transform.h"
#include "imaging/vips_setup.h"
#include "tests/support/bytes.h"
#include "tests/support/corpus.h"
#include "tests/support/pictures.h"
#include "tests/support/sandboxes.h"

namespace pixgate::imaging {
namespace {

using test::Corpus;
using test::Rgb;

struct Patch {
    double across, down;
    Rgb expected;
    int alpha = 255;
};

void expect_patch(const std::string& encoded, const Patch& patch, int most) {
    ASSERT_TRUE(start_vips().has_value());
    const auto image = vips::VImage::new_from_buffer(encoded.data(), encoded.size(), "")
                           .colourspace(VIPS_INTERPRETATION_sRGB);
    const auto pixel = image.getpoint(
        static_cast<int>(patch.across * (image.width() - 1)),
        static_cast<int>(patch.down * (image.height() - 1))
    );
    if (image.has_alpha()) EXPECT_NEAR(pixel.at(3), patch.alpha, most);
    if (image.has_alpha() && patch.alpha == 0) return;  // what cannot be seen has no colour
    EXPECT_NEAR(pixel.at(0), patch.expected.red, most);
    EXPECT_NEAR(pixel.at(1), patch.expected.green, most);
    EXPECT_NEAR(pixel.at(2), patch.expected.blue, most);
}

class CorpusColour : public Corpus {
protected:
    // Through the sandbox, as PNG and, where nothing is transparent, as JPEG and WebP too.
    void expect_patches(const std::string& file, const std::vector<Patch>& patches, int most = 4)
        const {
        const std::string picture = bytes_of("color/" + file);
        const UniqueFd fd = test::file_of(picture);
        const bool is_opaque =
            std::ranges::all_of(patches, [](const Patch& patch) { return patch.alpha == 255; });
        for (const auto format : {OutputFormat::kPng, OutputFormat::kJpeg, OutputFormat::kWebp}) {
            if (format != OutputFormat::kPng && !is_opaque) continue;
            SCOPED_TRACE(file + " as " + std::string(content_type_of(format)));
            TransformRequest request;
            request.transform.format = format;
            request.transform.quality = 95;
            const auto answer = test::sandbox().transform(fd.get(), picture.size(), request);
            ASSERT_TRUE(answer.has_value()) << answer.error().message;
            ASSERT_EQ(answer->refusal, Refusal::kNone) << answer->detail;
            const int more = format == OutputFormat::kPng ? 0 : 6;
            for (const Patch& patch : patches) expect_patch(answer->bytes, patch, most + more);
        }
    }
};

TEST_F(CorpusColour, DisplayP3BecomesSrgb) {
    for (const char* file : {"p3-quadrants.jpg", "p3-quadrants.png", "p3-quadrants.webp"}) {
        expect_patches(
            file, {{0.2, 0.2, {218, 67, 75}},
                   {0.8, 0.2, {0, 204, 54}},
                   {0.2, 0.8, {79, 79, 209}},
                   {0.8, 0.8, {129, 129, 129}}}
        );
    }
}

// A printer's profile can have megabytes.
TEST_F(CorpusColour, ALargeProfileIsFollowedAndOneThatIsTooLargeRefused) {
    ASSERT_TRUE(start_vips().has_value());
    const std::string picture = bytes_of("color/p3-quadrants.png");
    auto image = vips::VImage::new_from_buffer(picture.data(), picture.size(), "").copy();
    std::size_t bytes = 0;
    const auto* data = static_cast<const std::uint8_t*>(image.get_blob(VIPS_META_ICC_NAME, &bytes));
    std::vector<std::uint8_t> profile(data, data + bytes);
    profile.resize(1'800'000);
    for (std::size_t i = 0; i < 4; ++i)
        profile[i] = static_cast<std::uint8_t>(profile.size() >> 8 * (3 - i) & 0xFF);
    image.set(VIPS_META_ICC_NAME, nullptr, profile.data(), profile.size());
    VipsBlob* blob = image.pngsave_buffer();
    const std::string png(static_cast<const char*>(VIPS_AREA(blob)->data), VIPS_AREA(blob)->length);
    vips_area_unref(VIPS_AREA(blob));
    const UniqueFd file = test::file_of(png);
    TransformRequest request;
    request.transform.format = OutputFormat::kPng;
    const auto answer = test::sandbox().transform(file.get(), png.size(), request);
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    ASSERT_EQ(answer->refusal, Refusal::kNone) << answer->detail;
    expect_patch(answer->bytes, {0.2, 0.2, {218, 67, 75}}, 4);
    // Compressed it is small: only the decoder sees what it is.
    request.limits.max_profile_bytes = 1'000'000;
    const auto refused = test::sandbox().transform(file.get(), png.size(), request);
    ASSERT_TRUE(refused.has_value()) << refused.error().message;
    EXPECT_EQ(refused->refusal, Refusal::kProfileTooLarge);
}

TEST_F(CorpusColour, AProfileIsFollowedWhateverItSays) {
    expect_patches(
        "swapped-channels-icc.jpg",
        {{0.2, 0.2, {79, 201, 80}}, {0.8, 0.2, {200, 79, 78}}, {0.2, 0.8, {79, 79, 201}}}
    );
    // Of a photograph: of its even parts, and not exactly.
    expect_patches("xyb-icc.jpg", {{0.2, 0.2, {160, 149, 117}}, {0.8, 0.2, {188, 165, 131}}}, 12);
}

TEST_F(CorpusColour, SixteenBitsBecomeEight) {
    const std::vector<Patch> patches{
        {0.2, 0.2, {46, 46, 46}}, {0.8, 0.2, {195, 46, 121}}, {0.2, 0.8, {46, 195, 121}}
    };
    expect_patches("rgb16.png", patches, 2);
    expect_patches("rgb16.tif", {{0.2, 0.2, {46, 46, 117}}, {0.8, 0.8, {195, 195, 117}}}, 2);
    expect_patches("pngsuite-basn6a16.png", {{0.8, 0.8, {0, 0, 255}, 115}}, 2);
}

TEST_F(CorpusColour, GreyAndPalettesKeepTheirAlpha) {
    expect_patches(
        "grey-alpha16.png", {{0.2, 0.2, {48, 48, 48}, 48},
                             {0.8, 0.2, {200, 200, 200}, 48},
                             {0.2, 0.8, {48, 48, 48}, 200},
                             {0.5, 0.5, {124, 124, 124}, 124}}
    );
    expect_patches(
        "palette2-trns.png",
        {{0.2, 0.2, {255, 0, 0}, 255}, {0.8, 0.2, {0, 0, 255}, 64}, {0.5, 0.5, {}, 0}}
    );
    expect_patches(
        "interlaced-rgba.png", {{0.2, 0.2, {48, 48, 128}, 144}, {0.5, 0.5, {124, 124, 128}, 193}}
    );
    expect_patches(
        "alpha-lossless.webp", {{0.2, 0.2, {48, 48, 128}, 207}, {0.8, 0.8, {200, 200, 128}, 55}}
    );
    expect_patches("bilevel.png", {{0.2, 0.2, {0, 0, 0}}}, 1);
    expect_patches("grey.jpg", {{0.8, 0.2, {13, 13, 13}}}, 8);
}

// Without a profile any printer's colours may be meant: three conversions agree this far.
TEST_F(CorpusColour, CmykOfAdobeIsNotInverted) {
    for (const char* file : {"cmyk-adobe.jpg", "cmyk-jpeg-in-tiff.tif"})
        expect_patches(file, {{0.2, 0.2, {18, 20, 21}}, {0.5, 0.5, {132, 38, 40}}}, 30);
    expect_patches("cmyk.jpg", {{0.2, 0.2, {216, 193, 160}}, {0.8, 0.2, {24, 27, 22}}}, 30);
}

// CMYK and YCCK as encoders write them: Adobe's marker, values inverted.
TEST(Colour, InksLookLikeThemselves) {
    ASSERT_TRUE(start_vips().has_value());
    struct Ink {
        std::vector<double> cmyk;
        Rgb expected;
    };
    // SWOP-like inks on paper, as Debian's default_cmyk.icc shows them.
    const std::vector<Ink> inks{{{0, 0, 0, 0}, {255, 255, 255}},  {{255, 0, 0, 0}, {0, 176, 240}},
                                {{0, 255, 0, 0}, {237, 39, 144}}, {{0, 0, 255, 0}, {255, 242, 21}},
                                {{0, 0, 0, 255}, {55, 53, 53}},   {{0, 255, 255, 0}, {238, 51, 56}},
                                {{0, 0, 0, 128}, {150, 152, 155}}};
    for (const Ink& ink : inks) {
        const auto image =
            vips::VImage::black(32, 32)
                .new_from_image(ink.cmyk)
                .cast(VIPS_FORMAT_UCHAR)
                .copy(vips::VImage::option()->set("interpretation", VIPS_INTERPRETATION_CMYK));
        VipsBlob* blob = image.jpegsave_buffer();
        std::size_t bytes = 0;
        const void* data = vips_blob_get(blob, &bytes);
        const std::string jpeg(static_cast<const char*>(data), bytes);
        vips_area_unref(VIPS_AREA(blob));
        for (const auto format : {OutputFormat::kPng, OutputFormat::kJpeg}) {
            TransformRequest request;
            request.transform.format = format;
            const auto answer = transform_bytes(test::as_bytes(jpeg), request);
            ASSERT_EQ(answer.refusal, Refusal::kNone) << answer.detail;
            expect_patch(answer.bytes, {0.5, 0.5, ink.expected}, 60);
        }
    }
}

std::uint32_t fixed(double value) {
    return static_cast<std::uint32_t>(std::lround(value * 65'536));
}

// An RGB profile of one gamma. Source: ICC.1:2001-04, 6.1 to 6.5; the colorants and 2.19921875 of
// Adobe RGB (1998) Color Image Encoding, adapted to D50.
std::string adobe_rgb_profile() {
    struct Tag {
        const char* name;
        std::string value;
    };
    const auto xyz = [](double x, double y, double z) {
        return test::ByteBuilder()
            .text("XYZ ")
            .u32(0)
            .u32(fixed(x))
            .u32(fixed(y))
            .u32(fixed(z))
            .str();
    };
    const auto curve = test::ByteBuilder().text("curv").u32(0).u32(1).u16(0x0233).u16(0).str();
    const std::vector<Tag> tags{
        {"wtpt", xyz(0.9642, 1, 0.8249)},
        {"rXYZ", xyz(0.60974, 0.31111, 0.01947)},
        {"gXYZ", xyz(0.20528, 0.62567, 0.06087)},
        {"bXYZ", xyz(0.14919, 0.06322, 0.74457)},
        {"rTRC", curve},
        {"gTRC", curve},
        {"bTRC", curve},
    };
    test::ByteBuilder table;
    std::string values;
    table.u32(tags.size());
    for (const Tag& tag : tags) {
        const std::size_t at = 128 + 4 + 12 * tags.size() + values.size();
        table.text(tag.name).u32(at).u32(tag.value.size());
        values += tag.value;
    }
    const std::size_t size = 128 + table.str().size() + values.size();
    const auto header = test::ByteBuilder()
                            .u32(size)
                            .zeros(4)
                            .u32(0x02100000)
                            .text("mntrRGB XYZ ")
                            .zeros(12)
                            .text("acsp")
                            .zeros(28)
                            .u32(fixed(0.9642))
                            .u32(fixed(1))
                            .u32(fixed(0.8249))
                            .zeros(48);
    return header.str() + table.str() + values;
}

TEST(Colour, AdobeRgbBecomesSrgb) {
    ASSERT_TRUE(start_vips().has_value());
    const std::string profile = adobe_rgb_profile();
    const std::vector<std::pair<std::vector<double>, Rgb>> patches{
        {{200, 80, 80}, {230, 79, 79}},
        {{80, 200, 80}, {0, 201, 67}},
        {{80, 80, 200}, {79, 79, 205}},
        {{128, 128, 128}, {129, 129, 129}},
    };
    for (const auto& [stored, expected] : patches) {
        auto image =
            vips::VImage::black(32, 32)
                .new_from_image(stored)
                .cast(VIPS_FORMAT_UCHAR)
                .copy(vips::VImage::option()->set("interpretation", VIPS_INTERPRETATION_sRGB));
        vips_image_set_blob_copy(
            image.get_image(), VIPS_META_ICC_NAME, profile.data(), profile.size()
        );
        for (const bool is_jpeg : {true, false}) {
            VipsBlob* blob = is_jpeg ? image.jpegsave_buffer(vips::VImage::option()->set("Q", 98))
                                     : image.pngsave_buffer();
            std::size_t bytes = 0;
            const void* data = vips_blob_get(blob, &bytes);
            const std::string picture(static_cast<const char*>(data), bytes);
            vips_area_unref(VIPS_AREA(blob));
            for (const auto format : {OutputFormat::kPng, OutputFormat::kWebp}) {
                TransformRequest request;
                request.transform.format = format;
                const auto answer = transform_bytes(test::as_bytes(picture), request);
                ASSERT_EQ(answer.refusal, Refusal::kNone) << answer.detail;
                expect_patch(
                    answer.bytes, {0.5, 0.5, expected}, format == OutputFormat::kPng ? 4 : 8
                );
            }
        }
    }
}

}  // namespace
}  // namespace pixgate::imaging
