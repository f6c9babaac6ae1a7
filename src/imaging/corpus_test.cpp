// Every picture of the shared corpus through the real sandbox, against the verdicts in its
// manifest.
#include <gtest/gtest.h>

#include "imaging/direct.h"
#include "imaging/sandbox/sandbox.h"
#include "tests/support/corpus.h"
#include "tests/support/pictures.h"
#include "tests/support/sandboxes.h"

namespace pixgate::imaging {
namespace {

using test::Corpus;
using Row = test::CorpusRow;

// The marker segments of a JPEG before its first scan.
std::string segments_of(const std::string& jpeg) {
    std::string found;
    for (std::size_t at = 2; at + 4 <= jpeg.size();) {
        const auto marker = static_cast<std::uint8_t>(jpeg[at + 1]);
        found += static_cast<char>(marker);
        if (marker == 0xDA) break;
        at += 2 + static_cast<std::size_t>(static_cast<std::uint8_t>(jpeg[at + 2]) << 8) +
              static_cast<std::uint8_t>(jpeg[at + 3]);
    }
    return found;
}

bool has_metadata_segment(const std::string& jpeg) {
    for (const char c : segments_of(jpeg)) {
        const auto marker = static_cast<std::uint8_t>(c);
        if ((marker >= 0xE1 && marker <= 0xEF) || marker == 0xFE) return true;
    }
    return false;
}

TEST_F(Corpus, GetsItsVerdicts) {
    for (const Row& row : rows_) {
        std::uint64_t size_bytes = 0;
        const UniqueFd file = open(row, size_bytes);
        VerifyRequest request;
        request.declared = format_of_content_type(row.content_type);
        const auto answer = test::sandbox().verify(file.get(), size_bytes, request);
        ASSERT_TRUE(answer.has_value()) << row.file << ": " << answer.error().message;
        const bool is_accepted = answer->refusal == Refusal::kNone;
        if (row.is_strict) {
            EXPECT_EQ(is_accepted, row.is_accepted)
                << row.file << ": " << code_of(answer->refusal) << " " << answer->detail;
        }
    }
}

// First contact takes another way through JPEGs, which must not lead to another verdict.
TEST_F(Corpus, GetsTheSameVerdictsAtFirstContact) {
    DirectImaging direct;
    int made = 0;
    for (const Row& row : rows_) {
        std::uint64_t size_bytes = 0;
        const UniqueFd file = open(row, size_bytes);
        PrepareRequest request;
        request.verify.declared = format_of_content_type(row.content_type);
        request.product_count = 2;
        for (ProductSpec& spec : std::span(request.products).first(2)) {
            spec.transform.width_px = 128;
            spec.transform.format = OutputFormat::kWebp;
        }
        request.products[1].is_rendition = true;
        const auto verdict = test::sandbox().verify(file.get(), size_bytes, request.verify);
        ASSERT_TRUE(verdict.has_value()) << row.file << ": " << verdict.error().message;
        if (verdict->refusal != Refusal::kNone && verdict->facts.format != Format::kJpeg) continue;
        const auto answer = direct.prepare(file.get(), size_bytes, request);
        ASSERT_TRUE(answer.has_value()) << row.file << ": " << answer.error().message;
        EXPECT_EQ(answer->refusal, verdict->refusal)
            << row.file << ": " << answer->detail << " / " << verdict->detail;
        for (const Product& product : answer->products) {
            for (const auto& token : row.must_not_leak) {
                if (token.size() <= 4) continue;
                EXPECT_FALSE(product.bytes.contains(token)) << row.file << " leaks " << token;
            }
            ++made;
        }
    }
    EXPECT_GT(made, 200);
}

TEST_F(Corpus, F75_F76_F77_F79_RefusesEveryBombFromItsHeaderAlone) {
    for (const Row& row : rows_) {
        if (row.is_accepted || !row.is_strict || !row.file.contains("bomb-")) continue;
        std::uint64_t size_bytes = 0;
        const UniqueFd file = open(row, size_bytes);
        VerifyRequest request;
        request.declared = format_of_content_type(row.content_type);
        request.full_decode = false;
        const auto answer = test::sandbox().verify(file.get(), size_bytes, request);
        ASSERT_TRUE(answer.has_value()) << row.file;
        EXPECT_NE(answer->refusal, Refusal::kNone) << row.file;
        EXPECT_NE(answer->refusal, Refusal::kBroken) << row.file;
    }
}

TEST_F(Corpus, F84_F86_GivesThumbnailsThatCarryNothingOn) {
    int made = 0;
    for (const Row& row : rows_) {
        if (!row.is_accepted) continue;
        std::uint64_t size_bytes = 0;
        const UniqueFd file = open(row, size_bytes);
        TransformRequest request;
        request.transform.width_px = 320;
        const auto answer = test::sandbox().transform(file.get(), size_bytes, request);
        ASSERT_TRUE(answer.has_value()) << row.file << ": " << answer.error().message;
        if (answer->refusal != Refusal::kNone && !row.is_strict) continue;
        ASSERT_EQ(answer->refusal, Refusal::kNone) << row.file << ": " << answer->detail;
        // GPS, EXIF, XMP and IPTC stand for those kinds of metadata; the others are byte strings.
        EXPECT_FALSE(has_metadata_segment(answer->bytes)) << row.file;
        for (const auto& token : row.must_not_leak) {
            if (token == "GPS" || token == "EXIF" || token == "XMP" || token == "IPTC") continue;
            EXPECT_FALSE(answer->bytes.contains(token)) << row.file << " leaks " << token;
        }
        ++made;
    }
    EXPECT_GT(made, 100);
}

TEST_F(Corpus, TurnsPicturesUpright) {
    int markers = 0;
    for (const Row& row : rows_) {
        if (!row.file.starts_with("orientation/")) continue;
        std::uint64_t size_bytes = 0;
        const UniqueFd file = open(row, size_bytes);
        TransformRequest request;
        request.transform.width_px = 320;
        const auto answer = test::sandbox().transform(file.get(), size_bytes, request);
        ASSERT_TRUE(answer.has_value() && answer->refusal == Refusal::kNone) << row.file;
        if (row.file.contains("/landscape-")) {
            EXPECT_EQ(answer->facts.width_px, 320U) << row.file;
            EXPECT_EQ(answer->facts.height_px, 240U) << row.file;
        }
        if (!row.file.contains("/marker-")) continue;
        ++markers;
        EXPECT_EQ(answer->facts.width_px, 96U) << row.file;
        EXPECT_EQ(answer->facts.height_px, 64U) << row.file;
        const auto red = test::pixel_at(answer->bytes, 0.2, 0.2);
        const auto green = test::pixel_at(answer->bytes, 0.8, 0.2);
        const auto blue = test::pixel_at(answer->bytes, 0.2, 0.8);
        const auto yellow = test::pixel_at(answer->bytes, 0.8, 0.8);
        EXPECT_GT(red.red, red.green + red.blue) << row.file;
        EXPECT_GT(green.green, green.red + green.blue) << row.file;
        EXPECT_GT(blue.blue, blue.red + blue.green) << row.file;
        EXPECT_GT(std::min(yellow.red, yellow.green), 2 * yellow.blue) << row.file;
    }
    EXPECT_GE(markers, 10);
}

TEST_F(Corpus, ConvertsWideColoursToSrgb) {
    DirectImaging direct;
    for (const Row& row : rows_) {
        if (!row.file.contains("/p3-quadrants")) continue;
        std::uint64_t size_bytes = 0;
        const UniqueFd file = open(row, size_bytes);
        TransformRequest request;
        request.transform.format = OutputFormat::kPng;
        const auto answer = test::sandbox().transform(file.get(), size_bytes, request);
        ASSERT_TRUE(answer.has_value() && answer->refusal == Refusal::kNone) << row.file;
        PrepareRequest first;
        first.verify.check_declared = false;
        first.product_count = 1;
        first.products[0].transform.width_px = 2'048;
        first.products[0].transform.format = OutputFormat::kJpeg;
        first.products[0].is_rendition = true;
        const auto prepared = direct.prepare(file.get(), size_bytes, first);
        ASSERT_TRUE(prepared.has_value() && prepared->products.size() == 1)
            << row.file << ": "
            << (prepared.has_value() ? prepared->detail : prepared.error().message);
        for (const auto& bytes : {answer->bytes, prepared->products.front().bytes}) {
            const auto pixel = test::pixel_at(bytes, 0.2, 0.2);
            EXPECT_NEAR(pixel.red, 218, 6) << row.file;
            EXPECT_NEAR(pixel.green, 67, 8) << row.file;
            EXPECT_NEAR(pixel.blue, 75, 6) << row.file;
        }
    }
}

}  // namespace
}  // namespace pixgate::imaging
