#include "imaging/probe.h"

#include <gtest/gtest.h>

#include "imaging/probe/formats.h"
#include "tests/support/bytes.h"
#include "tests/support/pictures.h"

namespace pixgate::imaging {
namespace {

using namespace std::string_view_literals;
using test::as_bytes;
using test::ByteBuilder;

ProbeResult probed(const std::string& bytes, Format format, const Limits& limits = {}) {
    return probe(as_bytes(bytes), format, limits);
}

std::string jpeg_frame(
    std::uint64_t width_px, std::uint64_t height_px, std::uint8_t marker = 0xC2
) {
    return ByteBuilder()
        .u8(0xFF)
        .u8(marker)
        .u16(11)
        .u8(8)
        .u16(height_px)
        .u16(width_px)
        .u8(1)
        .u24(0x011100)
        .str();
}

const std::string jpeg_start = "\xFF\xD8";
const std::string jpeg_scan = std::string("\xFF\xDA\0\x08\1\1\0\0\x3F\0pixels\xFF\0more", 20);

std::string jpeg_of_scans(int scans) {
    std::string jpeg = jpeg_start + jpeg_frame(640, 480);
    for (int i = 0; i < scans; ++i) jpeg += jpeg_scan;
    return jpeg + "\xFF\xD9";
}

class ProbeOfEachFormat : public testing::TestWithParam<Format> {};

TEST_P(ProbeOfEachFormat, ReadsTheSizeThatWasEncoded) {
    const auto picture = test::make_picture(GetParam(), 80, 60);
    const auto result = probed(picture, GetParam());
    EXPECT_EQ(result.refusal, Refusal::kNone) << result.detail;
    EXPECT_EQ(result.facts.format, GetParam());
    EXPECT_EQ(result.facts.width_px, 80U);
    EXPECT_EQ(result.facts.height_px, 60U);
    EXPECT_EQ(result.facts.frames, 1U);
    EXPECT_EQ(result.facts.orientation, 1U);
}

TEST_P(ProbeOfEachFormat, ChecksEveryLimitWithItsOwnRefusal) {
    const auto picture = test::make_picture(GetParam(), 80, 60);
    Limits pixels, side;
    pixels.max_pixels = 80 * 60 - 1;
    side.max_side_px = 79;
    EXPECT_EQ(probed(picture, GetParam(), pixels).refusal, Refusal::kTooManyPixels);
    EXPECT_EQ(probed(picture, GetParam(), side).refusal, Refusal::kSideTooLong);
}

TEST_P(ProbeOfEachFormat, LivesThroughEveryTruncation) {
    const auto picture = test::make_picture(GetParam(), 80, 60);
    for (std::size_t size = 0; size < picture.size(); ++size) {
        // A copy of exactly this size, so that a sanitizer sees any read behind it.
        const std::string part = picture.substr(0, size);
        const auto result = probed(part, GetParam());
        if (size < 16) {
            EXPECT_NE(result.refusal, Refusal::kNone) << size;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    All,
    ProbeOfEachFormat,
    testing::Values(
        Format::kJpeg,
        Format::kPng,
        Format::kGif,
        Format::kWebp,
        Format::kAvif,
        Format::kHeic,
        Format::kTiff
    ),
    [](const auto& info) { return std::string(name_of(info.param)); }
);

TEST(Probe, RefusesFormatsThatAreNotDecodedHere) {
    EXPECT_EQ(probed("%PDF-1.4", Format::kPdf).refusal, Refusal::kTypeNotAllowed);
    EXPECT_EQ(probed("", Format::kUnknown).refusal, Refusal::kTypeNotAllowed);
}

TEST(ProbeJpeg, F77_CountsScansAndStopsAtTheLimit) {
    Limits limits;
    limits.max_scans = 10;
    EXPECT_EQ(probed(jpeg_of_scans(10), Format::kJpeg, limits).refusal, Refusal::kNone);
    EXPECT_EQ(probed(jpeg_of_scans(11), Format::kJpeg, limits).refusal, Refusal::kTooManyScans);
    EXPECT_EQ(probed(jpeg_of_scans(90'000), Format::kJpeg, limits).refusal, Refusal::kTooManyScans);
}

TEST(ProbeJpeg, RefusesDamagedStructure) {
    const std::string scan = jpeg_scan + "\xFF\xD9";
    const auto refusal = [](const std::string& jpeg) {
        return probed(jpeg, Format::kJpeg).refusal;
    };
    EXPECT_EQ(refusal(jpeg_start + scan), Refusal::kBroken);              // no frame header
    EXPECT_EQ(refusal(jpeg_start + jpeg_frame(8, 8)), Refusal::kBroken);  // no scan
    EXPECT_EQ(refusal(jpeg_start + jpeg_frame(0, 8) + scan), Refusal::kBroken);
    EXPECT_EQ(refusal(jpeg_start + jpeg_frame(8, 0) + scan), Refusal::kBroken);
    EXPECT_EQ(refusal(jpeg_start + jpeg_frame(8, 8, 0xC3) + scan), Refusal::kBroken);  // lossless
    EXPECT_EQ(refusal(jpeg_start + jpeg_frame(8, 8) + jpeg_frame(9, 9) + scan), Refusal::kBroken);
    EXPECT_EQ(refusal(jpeg_start + "\xFF\xE0\0\1"), Refusal::kBroken);  // length below 2
    EXPECT_EQ(refusal(jpeg_start + jpeg_frame(8, 8) + scan), Refusal::kNone);
}

TEST(ProbeJpeg, TurnsTheSizeByTheExifOrientation) {
    const auto jpeg = test::make_picture(Format::kJpeg, 80, 60);
    for (std::uint16_t orientation = 1; orientation <= 8; ++orientation) {
        const auto facts = probed(test::with_exif(jpeg, orientation), Format::kJpeg).facts;
        EXPECT_EQ(facts.orientation, orientation);
        EXPECT_EQ(facts.width_px, orientation >= 5 ? 60U : 80U);
        EXPECT_EQ(facts.height_px, orientation >= 5 ? 80U : 60U);
    }
}

TEST(ProbeExif, F87_TakesOrientationsThatDoNotExistForUpright) {
    const auto jpeg = test::make_picture(Format::kJpeg, 8, 6);
    for (const int value : {0, 9, 255, 256, 65535}) {
        const auto exif = test::with_exif(jpeg, static_cast<std::uint16_t>(value));
        EXPECT_EQ(probed(exif, Format::kJpeg).facts.orientation, 1U) << value;
    }
}

ByteBuilder exif_start(std::size_t entries) {
    ByteBuilder exif;
    exif.text("MM\0*"sv).u32(8).u16(entries);
    return exif;
}

TEST(ProbeExif, F85_ReadsBehindTenThousandEntries) {
    constexpr std::size_t kEntries = 10'000;
    ByteBuilder exif = exif_start(kEntries);
    for (std::size_t i = 0; i + 1 < kEntries; ++i) exif.u16(0x9000).u16(4).u32(1).u32(i);
    exif.u16(0x0112).u16(3).u32(1).u16(6).u16(0).u32(8);  // the next directory is this one
    EXPECT_EQ(read_exif_orientation(as_bytes(exif.str())), 6U);
}

TEST(ProbeExif, F87_IgnoresOrientationsOfAnotherTypeOrCount) {
    for (const int type : {1, 2, 4, 11, 12, 65535}) {
        auto exif =
            exif_start(1).u16(0x0112).u16(static_cast<std::uint64_t>(type)).u32(1).u32(0x00060006);
        EXPECT_EQ(read_exif_orientation(as_bytes(exif.str())), 1U) << type;
    }
    auto many = exif_start(1).u16(0x0112).u16(3).u32(0xFFFFFFFF).u32(0x00060006);
    EXPECT_EQ(read_exif_orientation(as_bytes(many.str())), 1U);
}

TEST(ProbeExif, F85_IgnoresDirectoriesOutsideTheBlock) {
    for (const std::uint64_t offset : {9ULL, 100ULL, 0x7FFFFFFFULL, 0xFFFFFFFFULL}) {
        const auto exif = ByteBuilder().text("MM\0*"sv).u32(offset).u16(1).str();
        EXPECT_EQ(read_exif_orientation(as_bytes(exif)), 1U) << offset;
    }
    EXPECT_EQ(read_exif_orientation({}), 1U);
    EXPECT_EQ(read_exif_orientation(as_bytes("II*\0"sv)), 1U);
}

TEST(ProbePng, F75_F76_RefusesBombsFromTheHeader) {
    const auto refusal = [](std::uint32_t width, std::uint32_t height) {
        return probed(test::png_header_bomb(width, height), Format::kPng).refusal;
    };
    EXPECT_EQ(refusal(0x7FFFFFFF, 0x7FFFFFFF), Refusal::kTooManyPixels);
    EXPECT_EQ(refusal(30'000, 30'000), Refusal::kTooManyPixels);
    EXPECT_EQ(refusal(65'500, 1), Refusal::kSideTooLong);
    EXPECT_EQ(refusal(0, 10), Refusal::kBroken);
    EXPECT_EQ(refusal(16, 16), Refusal::kNone);
}

TEST(ProbePng, RefusesAWrongHeaderChecksum) {
    auto png = test::png_header_bomb(16, 16);
    png[19] = 17;  // the width
    EXPECT_EQ(probed(png, Format::kPng).refusal, Refusal::kBroken);
}

TEST(ProbePng, CountsTheFramesAnAnimationClaims) {
    auto png = test::png_header_bomb(16, 16);
    const auto control = ByteBuilder().u32(8).text("acTL").u32(0xFFFFFFFF).u32(0).u32(0).str();
    png.insert(33, control);  // behind IHDR
    EXPECT_EQ(probed(png, Format::kPng).refusal, Refusal::kTooManyFrames);
}

TEST(ProbePng, F76_LeavesOutWhatNoDecoderNeeds) {
    const auto plain = test::png_header_bomb(16, 16);
    EXPECT_FALSE(png_without_extras(as_bytes(plain)).has_value());
    auto png = plain;
    png.insert(33, ByteBuilder().u32(5).text("zTXtbomb!").u32(0).str());
    const auto cleaned = png_without_extras(as_bytes(png + "trailing bytes"));
    ASSERT_TRUE(cleaned.has_value());
    EXPECT_EQ(std::string(cleaned->begin(), cleaned->end()), plain);
}

TEST(ProbePng, LeavesDamageForTheDecoderToSee) {
    auto png = test::png_header_bomb(16, 16);
    png.insert(33, ByteBuilder().u32(0x7FFFFFFF).text("tEXt").str());
    EXPECT_FALSE(png_without_extras(as_bytes(png)).has_value());
}

TEST(ProbeGif, F79_CountsFramesAndStopsAtTheLimit) {
    const auto gif = test::make_animation(16, 12, 5);
    EXPECT_EQ(probed(gif, Format::kGif).facts.frames, 5U);
    Limits frames, total;
    frames.max_frames = 4;
    total.max_total_pixels = 16 * 12 * 5 - 1;
    EXPECT_EQ(probed(gif, Format::kGif, frames).refusal, Refusal::kTooManyFrames);
    EXPECT_EQ(probed(gif, Format::kGif, total).refusal, Refusal::kTooManyFrames);
}

TEST(ProbeGif, F79_CountsFramesThatStickOutOfTheScreen) {
    const auto gif = ByteBuilder(Endian::kLittle)
                         .text("GIF89a")
                         .u16(1)
                         .u16(1)
                         .u24(0)
                         .u8(0x2C)
                         .u16(60'000)
                         .u16(60'000)
                         .u16(5'000)
                         .u16(5'000)
                         .u8(0)
                         .u8(2)
                         .u8(0)
                         .str();
    EXPECT_EQ(probed(gif, Format::kGif).refusal, Refusal::kTooManyPixels);
}

std::string webp(std::string_view chunks) {
    return ByteBuilder(Endian::kLittle)
        .text("RIFF")
        .u32(4 + chunks.size())
        .text("WEBP")
        .text(chunks)
        .str();
}

TEST(ProbeWebp, RefusesACanvasThatIsNotThePicture) {
    const auto chunks = ByteBuilder(Endian::kLittle)
                            .text("VP8X")
                            .u32(10)
                            .u32(0)
                            .u24(99)
                            .u24(99)
                            .text("VP8L")
                            .u32(6)
                            .u8(0x2F)
                            .u32(7 | 7 << 14)
                            .u8(0)
                            .str();
    EXPECT_EQ(probed(webp(chunks), Format::kWebp).refusal, Refusal::kBroken);
}

TEST(ProbeWebp, CountsAnimationFrames) {
    ByteBuilder chunks(Endian::kLittle);
    chunks.text("VP8X").u32(10).u32(2).u24(4'095).u24(4'095);
    for (int i = 0; i < 20; ++i)
        chunks.text("ANMF").u32(16).u24(0).u24(0).u24(4'095).u24(4'095).u24(40).u8(0);
    EXPECT_EQ(probed(webp(chunks.str()), Format::kWebp).facts.frames, 20U);
    EXPECT_EQ(probed(webp(chunks.str()), Format::kWebp).refusal, Refusal::kTooManyFrames);
}

struct TiffField {
    std::uint64_t tag, type, value;
};

std::string tiff(const std::vector<TiffField>& fields, std::uint64_t next = 0) {
    ByteBuilder out(Endian::kLittle);
    out.text("II*\0"sv).u32(8).u16(fields.size());
    for (const auto& field : fields) out.u16(field.tag).u16(field.type).u32(1).u32(field.value);
    return out.u32(next).str();
}

TEST(ProbeTiff, CountsARingOfPagesOnce) {
    const auto result = probed(tiff({{256, 4, 8}, {257, 4, 8}}, 8), Format::kTiff);
    EXPECT_EQ(result.refusal, Refusal::kNone);
    EXPECT_EQ(result.facts.frames, 1U);
}

TEST(ProbeTiff, RefusesRawPhotographs) {
    const auto refusal = [](std::vector<TiffField> more) {
        more.insert(more.begin(), {{256, 4, 8}, {257, 4, 8}});
        return probed(tiff(more), Format::kTiff).refusal;
    };
    EXPECT_EQ(refusal({{262, 3, 2}}), Refusal::kNone);
    EXPECT_EQ(refusal({{262, 3, 32803}}), Refusal::kTypeNotAllowed);
    EXPECT_EQ(refusal({{50706, 1, 1}}), Refusal::kTypeNotAllowed);
    EXPECT_EQ(refusal({{254, 4, 1}, {330, 4, 99}}), Refusal::kTypeNotAllowed);
}

TEST(ProbeTiff, DoesNotOverflowOnHugeSizes) {
    const auto result = probed(tiff({{256, 4, 0xFFFFFFFF}, {257, 4, 0xFFFFFFFF}}), Format::kTiff);
    EXPECT_EQ(result.refusal, Refusal::kTooManyPixels);
}

TEST(ProbeHeif, F81_RefusesMorePicturesInsideThanAnyPhoneWrites) {
    ByteBuilder items;
    items.u32(0).u16(50'000);
    for (int i = 0; i < 5'000; ++i)
        items.u32(21).text("infe").u32(0x02000000).u16(1).u16(0).text("av01").u8(0);
    const auto info =
        ByteBuilder().u32(8 + items.str().size()).text("iinf").text(items.str()).str();
    const auto meta = ByteBuilder().u32(12 + info.size()).text("meta").u32(0).text(info).str();
    const auto result = probed(meta, Format::kAvif);
    EXPECT_EQ(result.refusal, Refusal::kBroken);
    EXPECT_EQ(result.detail, "too many items"sv);
}

TEST(ProbeHeif, F81_CountsTheLargestPictureInside) {
    auto avif = test::make_picture(Format::kAvif, 80, 60);
    const auto at = avif.find("ispe");
    ASSERT_NE(at, std::string::npos);
    avif.replace(at + 8, 8, ByteBuilder().u32(60'000).u32(60'000).str());
    EXPECT_EQ(probed(avif, Format::kAvif).refusal, Refusal::kTooManyPixels);
}

TEST(LimitsFor, AreThoseOfThePictureSaveWhereOthersLieBesideIt) {
    const auto jpeg = limits_for({Format::kJpeg, 300, 200}, {});
    EXPECT_EQ(jpeg.max_pixels, 60'000U);
    EXPECT_EQ(jpeg.max_side_px, 300U);
    EXPECT_EQ(jpeg.max_frames, 1U);
    EXPECT_EQ(jpeg.max_total_pixels, 60'000U);
    const auto tiff = limits_for({Format::kTiff, 300, 200}, {});
    EXPECT_EQ(tiff.max_pixels, Limits{}.max_pixels);
    EXPECT_EQ(tiff.max_total_pixels, Limits{}.max_total_pixels);
    const auto large = limits_for({Format::kHeic, 20'000, 20'000}, {});
    EXPECT_EQ(large.max_side_px, 20'000U);
    EXPECT_EQ(large.max_total_pixels, 400'000'000U);
    EXPECT_EQ(limits_for({Format::kSvg, 30, 20}, {}).max_side_px, 4'096U);
}

}  // namespace
}  // namespace pixgate::imaging
