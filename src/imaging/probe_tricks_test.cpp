// Headers that say one thing to who reads them first and another to the decoder.
#include <gtest/gtest.h>

#include "imaging/probe.h"
#include "tests/support/bytes.h"
#include "tests/support/pictures.h"

namespace pixgate::imaging {
namespace {

using namespace std::string_view_literals;
using test::as_bytes;
using test::ByteBuilder;

ProbeResult probed(const std::string& bytes, Format format) {
    return probe(as_bytes(bytes), format, {});
}

struct Field {
    std::uint64_t tag, type, count, value;
};

ProbeResult probed_tiff(std::vector<Field> fields) {
    fields.insert(fields.begin(), {{256, 4, 1, 80}, {257, 4, 1, 60}});
    ByteBuilder out(Endian::kLittle);
    out.text("II*\0"sv).u32(8).u16(fields.size());
    for (const auto& f : fields) out.u16(f.tag).u16(f.type).u32(f.count).u32(f.value);
    return probed(out.u32(0).str(), Format::kTiff);
}

TEST(ProbeTiff, RefusesCodingsWhoseDecodersAreNotOnTheList) {
    for (const std::uint64_t coding : {1U, 2U, 3U, 4U, 5U, 7U, 8U, 32'773U, 32'946U})
        EXPECT_EQ(probed_tiff({{259, 3, 1, coding}}).refusal, Refusal::kNone) << coding;
    // Old JPEG, JBIG, JPEG 2000, LERC, LZMA, Zstandard, WebP, JPEG XL.
    for (const std::uint64_t coding :
         {0U, 6U, 9U, 33'003U, 33'005U, 34'661U, 34'712U, 34'887U, 34'925U, 50'000U, 50'001U,
          50'002U})
        EXPECT_EQ(probed_tiff({{259, 3, 1, coding}}).refusal, Refusal::kCodingNotAllowed) << coding;
    EXPECT_EQ(
        probed_tiff({{259, 3, 1, 34'712}, {259, 3, 1, 1}}).refusal, Refusal::kCodingNotAllowed
    );
    EXPECT_EQ(probed_tiff({{259, 3, 3, 8}}).refusal, Refusal::kCodingNotAllowed);
}

// libtiff believes the first of two, so the last must not be what is counted.
TEST(ProbeTiff, F93_RefusesWhatIsSaidTwice) {
    for (const auto tag : {256, 257, 274, 322, 323, 34'675}) {
        const Field field{static_cast<std::uint16_t>(tag), 3, 1, 1};
        EXPECT_EQ(probed_tiff({{259, 3, 1, 1}, field, field}).refusal, Refusal::kBroken) << tag;
    }
}

TEST(ProbeTiff, CountsTilesThatAreLargerThanThePicture) {
    EXPECT_EQ(probed_tiff({{322, 3, 1, 512}, {323, 3, 1, 512}}).refusal, Refusal::kNone);
    EXPECT_EQ(
        probed_tiff({{322, 4, 1, 60'000}, {323, 4, 1, 60'000}}).refusal, Refusal::kTooManyPixels
    );
}

std::string box(std::string_view type, const std::string& payload) {
    return ByteBuilder().u32(8 + payload.size()).text(type).text(payload).str();
}

std::string full_box(std::string_view type, const std::string& payload) {
    return box(type, ByteBuilder().u32(0).text(payload).str());
}

std::string item(unsigned id, std::string_view type) {
    return box("infe", ByteBuilder().u32(2 << 24).u16(id).u16(0).text(type).u8(0).str());
}

std::string items_of(const std::string& entries, unsigned count) {
    return full_box("iinf", ByteBuilder().u16(count).text(entries).str());
}

const std::string size_80_60 = full_box("ispe", ByteBuilder().u32(80).u32(60).str());

std::string cut(std::uint64_t width, std::uint64_t height, std::uint64_t part = 1) {
    ByteBuilder out;
    out.u32(width).u32(part).u32(height).u32(part).u32(0).u32(1).u32(0).u32(1);
    return box("clap", out.str());
}

// Item 1 has all of `properties`, of which there are `count`.
std::string heif(const std::string& items, const std::string& properties, unsigned count) {
    ByteBuilder uses;
    uses.u32(1).u16(1).u8(count);
    for (unsigned i = 1; i <= count; ++i) uses.u8(i);
    return full_box(
        "meta", full_box("pitm", ByteBuilder().u16(1).str()) + items +
                    box("iprp", box("ipco", properties) + full_box("ipma", uses.str()))
    );
}

TEST(ProbeHeif, JudgesByTheOneDecoderThatItGoesTo) {
    const auto result = [](const std::string& entries, unsigned count) {
        return probed(heif(items_of(entries, count), size_80_60, 1), Format::kAvif);
    };
    EXPECT_EQ(result(item(1, "av01"), 1).facts.format, Format::kAvif);
    EXPECT_EQ(result(item(1, "hvc1"), 1).facts.format, Format::kHeic);
    EXPECT_EQ(result(item(1, "av01"), 1).refusal, Refusal::kNone);
    EXPECT_EQ(result(item(1, "hvc1") + item(2, "av01"), 2).refusal, Refusal::kTypeNotAllowed);
    EXPECT_EQ(result(item(1, "j2k1"), 1).refusal, Refusal::kTypeNotAllowed);
    const auto good = heif(items_of(item(1, "av01"), 1), size_80_60, 1);
    EXPECT_EQ(probed(good + good, Format::kAvif).refusal, Refusal::kBroken);
    const auto twice = items_of(item(1, "av01"), 1) + items_of(item(1, "hvc1"), 1);
    EXPECT_EQ(probed(heif(twice, size_80_60, 1), Format::kAvif).refusal, Refusal::kBroken);
}

TEST(ProbeHeif, CutsTheSizeAsTheDecoderDoes) {
    const auto result = [](const std::string& properties, unsigned count) {
        return probed(heif(items_of(item(1, "av01"), 1), properties, count), Format::kAvif);
    };
    const auto plain = result(size_80_60 + cut(79, 41), 2);
    EXPECT_EQ(plain.refusal, Refusal::kNone) << plain.detail;
    EXPECT_EQ(plain.facts.width_px, 79U);
    EXPECT_EQ(plain.facts.height_px, 41U);
    const std::string turn = box("irot", std::string(1, '\1'));
    const auto turned = result(size_80_60 + cut(70, 40) + turn, 3);
    EXPECT_EQ(turned.facts.width_px, 40U);
    EXPECT_EQ(turned.facts.height_px, 70U);
    EXPECT_EQ(result(size_80_60 + cut(139, 80, 2), 2).facts.width_px, 70U) << "69.5";
    EXPECT_EQ(result(size_80_60 + cut(81, 60), 2).refusal, Refusal::kBroken);
    EXPECT_EQ(result(size_80_60 + cut(70, 40, 0), 2).refusal, Refusal::kBroken);
}

TEST(ProbeHeif, CountsTheCanvasOfAGrid) {
    const auto result = [](std::uint64_t side) {
        const auto infos = items_of(item(1, "grid") + item(2, "av01"), 2);
        ByteBuilder places;  // item 1 in idat
        places.u32(1 << 24).u16(0x4400).u16(1).u16(1).u16(1).u16(0).u16(1).u32(0).u32(12);
        const auto data = ByteBuilder().u8(0).u8(1).u8(0).u8(0).u32(side).u32(side).str();
        const auto more = box("iloc", places.str()) + box("idat", data);
        return probed(heif(infos + more, size_80_60, 1), Format::kAvif).refusal;
    };
    EXPECT_EQ(result(80), Refusal::kNone);
    EXPECT_EQ(result(60'000), Refusal::kTooManyPixels);
}

TEST(ProbeJpeg, SeesScansBehindReservedMarkers) {
    const std::string jpeg = test::make_progressive_jpeg(64, 48);
    const auto scan = jpeg.find("\xFF\xDA");
    const auto end = jpeg.find('\xFF', scan + 14);
    std::string hidden = jpeg.substr(0, end);
    for (int i = 0; i < 200; ++i)
        hidden += std::string("\xFF\x02\xF0\0", 4) + jpeg.substr(scan, end - scan);
    hidden += std::string(70'000, ' ') + "\xFF\xD9";
    EXPECT_EQ(probed(hidden, Format::kJpeg).refusal, Refusal::kTooManyScans);
}

TEST(ProbeSvg, PassesOverTheRootThatACommentHolds) {
    const std::string svg =
        "<?xml version='1.0'?><!-- <svg width='1' height='1'> --><!DOCTYPE svg [<!ENTITY a "
        "'<svg>'>]><svg width='80' height='60'></svg>";
    const auto result = probed(svg, Format::kSvg);
    EXPECT_EQ(result.refusal, Refusal::kNone) << result.detail;
    EXPECT_EQ(result.facts.width_px, 80U);
}

}  // namespace
}  // namespace pixgate::imaging
