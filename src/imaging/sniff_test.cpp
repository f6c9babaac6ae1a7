#include "imaging/sniff.h"

#include <gtest/gtest.h>

#include "tests/support/bytes.h"

namespace pixgate::imaging {
namespace {

using namespace std::string_view_literals;

Format sniffed(std::string_view bytes) {
    return sniff(test::as_bytes(bytes));
}

std::string ftyp(std::string_view major, std::string_view compatible) {
    return test::ByteBuilder()
        .u32(16 + compatible.size())
        .text("ftyp")
        .text(major)
        .u32(0)
        .text(compatible)
        .str();
}

TEST(Sniff, KnowsPicturesByTheirFirstBytes) {
    EXPECT_EQ(sniffed("\xFF\xD8\xFF\xE0 rest"sv), Format::kJpeg);
    EXPECT_EQ(sniffed("\x89PNG\r\n\x1A\n"sv), Format::kPng);
    EXPECT_EQ(sniffed("GIF89a"sv), Format::kGif);
    EXPECT_EQ(sniffed("RIFF\0\0\0\0WEBPVP8 "sv), Format::kWebp);
    EXPECT_EQ(sniffed("II*\0\x08"sv), Format::kTiff);
    EXPECT_EQ(sniffed("MM\0+"sv), Format::kTiff);
}

TEST(Sniff, TellsHeifKindsApartByTheirBrands) {
    EXPECT_EQ(sniffed(ftyp("avif", "mif1miaf")), Format::kAvif);
    EXPECT_EQ(sniffed(ftyp("heic", "mif1heic")), Format::kHeic);
    EXPECT_EQ(sniffed(ftyp("mif1", "heicmiaf")), Format::kHeic);
    EXPECT_EQ(sniffed(ftyp("mif1", "avifmiaf")), Format::kAvif);
    EXPECT_EQ(sniffed(ftyp("mif1", "jpeg")), Format::kOther);
    EXPECT_EQ(sniffed(ftyp("isom", "mp42avif")), Format::kUnknown);
}

TEST(Sniff, TakesSequencesForNoPicture) {
    EXPECT_EQ(sniffed(ftyp("avis", "avifmif1")), Format::kOther);
    EXPECT_EQ(sniffed(ftyp("hevc", "heicmif1")), Format::kOther);
    EXPECT_EQ(sniffed(ftyp("msf1", "heic")), Format::kOther);
}

TEST(Sniff, FindsSvgBehindPrologues) {
    EXPECT_EQ(sniffed("<svg xmlns='x'/>"), Format::kSvg);
    EXPECT_EQ(
        sniffed("\xEF\xBB\xBF <?xml version='1.0'?>\n<!-- a --><!DOCTYPE svg>\n<svg>"), Format::kSvg
    );
    EXPECT_EQ(sniffed("<!DOCTYPE svg [<!ENTITY a 'b'>]><svg>"), Format::kSvg);
    EXPECT_EQ(sniffed("<svgx>"), Format::kUnknown);
    EXPECT_EQ(sniffed("<html><svg>"), Format::kUnknown);
    EXPECT_EQ(sniffed("<!-- never closed <svg>"), Format::kUnknown);
}

TEST(Sniff, CallsEverythingElseUnknown) {
    for (const auto text :
         {""sv, "P"sv, "MZ"sv, "PK\3\4"sv, "<?php"sv,
          "\x7F"
          "ELF"sv,
          "\xFF\xD8"sv, "GIF88a"sv})
        EXPECT_EQ(sniffed(text), Format::kUnknown) << text;
}

TEST(Sniff, KnowsImagesThatAreNeverDecodedHere) {
    EXPECT_EQ(sniffed("BM\0\0"sv), Format::kBmp);
    EXPECT_EQ(sniffed("%PDF-1.7"sv), Format::kPdf);
    EXPECT_EQ(sniffed("P6 2 2 255 "sv), Format::kOther);
    EXPECT_EQ(sniffed("8BPS"sv), Format::kOther);
    EXPECT_EQ(sniffed("\0\0\0\x0CjP  \r\n\x87\n"sv), Format::kJp2);
}

TEST(Types, NameEveryValueAndTakeThemBack) {
    for (int i = 1; i < static_cast<int>(kLastFormat); ++i) {
        const auto format = static_cast<Format>(i);
        EXPECT_EQ(format_of_content_type(content_type_of(format)), format) << name_of(format);
    }
    EXPECT_EQ(format_of_content_type("IMAGE/JPG"), Format::kJpeg);
    EXPECT_EQ(format_of_content_type("image/heif"), Format::kHeic);
    EXPECT_EQ(format_of_content_type("application/octet-stream"), Format::kUnknown);
    EXPECT_EQ(format_of_content_type("image/jpeg; charset=x"), Format::kUnknown);
    for (int i = 0; i <= static_cast<int>(kLastRefusal); ++i)
        EXPECT_FALSE(sentence_of(static_cast<Refusal>(i)).empty());
    EXPECT_EQ(code_of(Refusal::kTooManyPixels), "too_many_pixels");
}

}  // namespace
}  // namespace pixgate::imaging
