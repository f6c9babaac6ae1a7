#include "imaging/rights.h"

#include <gtest/gtest.h>
#include <vips/vips8>

#include "imaging/probe/formats.h"
#include "imaging/steps/frames.h"
#include "imaging/transform.h"
#include "imaging/vips_setup.h"
#include "tests/support/bytes.h"
#include "tests/support/pictures.h"

namespace pixgate::imaging {
namespace {

using namespace std::string_literals;
using test::as_bytes;
using test::ByteBuilder;

const Rights rights_given{"Ana <Photos> & Söhne", "(c) 2024 Ana"};

TEST(Rights, GoThroughExifAndXmp) {
    const auto exif = rights_in_exif(as_bytes(exif_of(rights_given)));
    EXPECT_EQ(exif.artist, rights_given.artist);
    EXPECT_EQ(exif.notice, rights_given.notice);
    const auto xmp = rights_in_xmp(as_bytes(xmp_of(rights_given)));
    EXPECT_EQ(xmp.artist, rights_given.artist);
    EXPECT_EQ(xmp.notice, rights_given.notice);
    const Rights brief{"", "me"};
    EXPECT_EQ(rights_in_exif(as_bytes(exif_of(brief))).notice, "me");
    EXPECT_EQ(exif_of({}), "");
    EXPECT_EQ(xmp_of({}), "");
}

TEST(Rights, AreReadFromIptcAndPngText) {
    const auto datasets = ByteBuilder()
                              .u8(0x1C)
                              .u8(2)
                              .u8(80)
                              .u16(3)
                              .text("Ana")
                              .u8(0x1C)
                              .u8(2)
                              .u8(116)
                              .u16(4)
                              .text("(c) ")
                              .str();
    EXPECT_EQ(rights_in_iptc(as_bytes(datasets)).artist, "Ana");
    const auto block = ByteBuilder()
                           .text("Photoshop 3.0")
                           .u8(0)
                           .text("8BIM")
                           .u16(0x0404)
                           .u16(0)
                           .u32(datasets.size())
                           .text(datasets)
                           .str();
    EXPECT_EQ(rights_in_iptc(as_bytes(block)).notice, "(c)");
    const auto png =
        ByteBuilder().zeros(8).u32(10).text("tEXt").text("Author").u8(0).text("Ana").u32(0).str();
    EXPECT_EQ(rights_in_png(as_bytes(png)).artist, "Ana");
}

TEST(Rights, AreCleanedAndBounded) {
    const auto of = [](const std::string& text) {
        return rights_in_exif(as_bytes(exif_of({text, ""}))).artist;
    };
    EXPECT_EQ(of("a\nb\x7F"s + "c"), "a b c");
    EXPECT_EQ(of("caf\xE9"), "café");  // Latin-1
    EXPECT_EQ(of(std::string(5'000, 'x')).size(), kMaxRightsBytes);
    EXPECT_EQ(of("\xC2\x85x"), "x");
}

TEST(Rights, SurviveInEveryFormatThatCanCarryThem) {
    ASSERT_TRUE(start_vips().has_value());
    const auto plain = test::make_picture(Format::kJpeg, 64, 48);
    const auto own = exif_of({"ANA-PHOTOS", "COPY-2024"});
    const auto hidden = test::with_exif(plain, 1, "SECRET-PLACE");
    const auto picture = ByteBuilder()
                             .text(plain.substr(0, 2))
                             .u16(0xFFE1)
                             .u16(8 + own.size())
                             .text("Exif")
                             .u16(0)
                             .text(own)
                             .text(hidden.substr(2))
                             .str();
    for (const auto format :
         {OutputFormat::kJpeg, OutputFormat::kPng, OutputFormat::kWebp, OutputFormat::kAvif}) {
        TransformRequest request;
        request.transform.format = format;
        request.transform.metadata = KeepMetadata::kCopyright;
        const auto answer = transform_bytes(as_bytes(picture), request);
        ASSERT_EQ(answer.refusal, Refusal::kNone) << answer.detail;
        EXPECT_TRUE(check_output(answer, request).has_value()) << content_type_of(format);
        EXPECT_TRUE(answer.bytes.contains("ANA-PHOTOS")) << content_type_of(format);
        EXPECT_TRUE(answer.bytes.contains("COPY-2024")) << content_type_of(format);
        EXPECT_FALSE(answer.bytes.contains("SECRET-PLACE")) << content_type_of(format);
        // Other readers find them too.
        const auto image =
            vips::VImage::new_from_buffer(answer.bytes.data(), answer.bytes.size(), "");
        EXPECT_NE(image.get_typeof("exif-ifd0-Copyright"), 0U) << content_type_of(format);
        request.transform.metadata = KeepMetadata::kNone;
        const auto bare = transform_bytes(as_bytes(picture), request);
        EXPECT_FALSE(bare.bytes.contains("ANA-PHOTOS")) << content_type_of(format);
    }
}

// Display P3's colorants on a picture of sRGB's numbers.
std::string wide_png() {
    EXPECT_TRUE(start_vips().has_value());
    const auto picture = test::make_picture(Format::kPng, 64, 48);
    const auto image =
        vips::VImage::new_from_buffer(picture.data(), picture.size(), "")
            .icc_transform("p3", vips::VImage::option()->set("input_profile", "srgb"));
    VipsBlob* blob = image.pngsave_buffer();
    std::size_t bytes = 0;
    const void* data = vips_blob_get(blob, &bytes);
    std::string out(static_cast<const char*>(data), bytes);
    vips_area_unref(VIPS_AREA(blob));
    return out;
}

TEST(WideGamut, IsKeptOnlyWhereItIsAskedForAndThere) {
    const auto wide = wide_png();
    for (const auto format :
         {OutputFormat::kJpeg, OutputFormat::kPng, OutputFormat::kWebp, OutputFormat::kAvif}) {
        TransformRequest request;
        request.transform.format = format;
        request.transform.width_px = 32;
        const auto narrow = transform_bytes(as_bytes(wide), request);
        const auto open = [](const TransformAnswer& answer) {
            return vips::VImage::new_from_buffer(answer.bytes.data(), answer.bytes.size(), "");
        };
        EXPECT_EQ(open(narrow).get_typeof(VIPS_META_ICC_NAME), 0U) << content_type_of(format);
        EXPECT_NEAR(test::pixel_at(narrow.bytes, 0.2, 0.2).red, 200, 8) << content_type_of(format);
        request.keep_wide_gamut = true;
        const auto kept = transform_bytes(as_bytes(wide), request);
        ASSERT_EQ(kept.refusal, Refusal::kNone) << kept.detail;
        EXPECT_NE(open(kept).get_typeof(VIPS_META_ICC_NAME), 0U) << content_type_of(format);
        EXPECT_TRUE(check_output(kept, request).has_value()) << content_type_of(format);
        EXPECT_LT(test::pixel_at(kept.bytes, 0.2, 0.2).red, 192) << content_type_of(format);
        const auto srgb = test::make_picture(Format::kPng, 64, 48);
        const auto plain = transform_bytes(as_bytes(srgb), request);
        EXPECT_EQ(open(plain).get_typeof(VIPS_META_ICC_NAME), 0U) << content_type_of(format);
    }
}

TEST(HeaderLimits, EachHaveTheirOwnReason) {
    const auto png = test::make_picture(Format::kPng, 16, 16);
    const auto with_chunk = [&](const std::string& type, std::size_t bytes) {
        const std::string body = type + std::string(bytes, 'x');
        return png.substr(0, 33) +
               ByteBuilder().u32(bytes).text(body).u32(png_crc32(as_bytes(body))).str() +
               png.substr(33);
    };
    const auto refusal = [](const std::string& picture) {
        TransformRequest request;
        request.limits.max_chunk_bytes = 2'000;
        request.limits.max_profile_bytes = 1'000;
        return transform_bytes(as_bytes(picture), request).refusal;
    };
    ASSERT_TRUE(start_vips().has_value());
    EXPECT_EQ(refusal(with_chunk("teXt", 2'000)), Refusal::kNone);
    EXPECT_EQ(refusal(with_chunk("teXt", 2'001)), Refusal::kChunkTooLarge);
    EXPECT_EQ(refusal(with_chunk("iCCP", 1'001)), Refusal::kProfileTooLarge);
    const auto jpeg = test::make_picture(Format::kJpeg, 16, 16);
    const auto segment =
        ByteBuilder().u16(0xFFE2).u16(2 + 1'001).text("ICC_PROFILE").zeros(990).str();
    EXPECT_EQ(refusal(jpeg.substr(0, 2) + segment + jpeg.substr(2)), Refusal::kProfileTooLarge);
}

}  // namespace
}  // namespace pixgate::imaging
