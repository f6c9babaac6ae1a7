// Rows of the attack table over every picture of the shared corpus, through the real sandbox.
#include <gtest/gtest.h>

#include <algorithm>

#include "imaging/sandbox/sandbox.h"
#include "tests/support/corpus.h"
#include "tests/support/pictures.h"
#include "tests/support/sandboxes.h"

namespace pixgate::imaging {
namespace {

using test::Corpus;
using Row = test::CorpusRow;

constexpr std::uint32_t kWidthPx = 48;

struct Outcome {
    Refusal refusal = Refusal::kNone;
    std::string bytes;
    bool operator==(const Outcome&) const = default;
};

class CorpusAttacks : public Corpus {
protected:
    Outcome made(const Row& row, OutputFormat format) const {
        std::uint64_t size_bytes = 0;
        const UniqueFd file = open(row, size_bytes);
        TransformRequest request;
        request.transform.width_px = kWidthPx;
        request.transform.format = format;
        request.effort = 0;
        auto answer = test::sandbox().transform(file.get(), size_bytes, request);
        if (!answer) {
            ADD_FAILURE() << row.file << ": " << answer.error().message;
            return {Refusal::kBroken, {}};
        }
        return {answer->refusal, std::move(answer->bytes)};
    }

    // Twice, for each picture that may be good; how many were made.
    int every_one_is_made_alike(OutputFormat format) const {
        int count = 0;
        for (const Row& row : rows_) {
            if (!row.is_accepted) continue;
            const Outcome first = made(row, format);
            EXPECT_TRUE(first == made(row, format)) << row.file << " differs from itself";
            if (row.is_strict) EXPECT_EQ(first.refusal, Refusal::kNone) << row.file;
            for (const auto& token : row.must_not_leak) {
                // What is shorter may be there by chance.
                if (token.size() <= 4) continue;
                EXPECT_FALSE(first.bytes.contains(token)) << row.file << " leaks " << token;
            }
            count += first.refusal == Refusal::kNone ? 1 : 0;
        }
        return count;
    }

    const Row& row_of(const std::string& file) const {
        const auto found = std::ranges::find(rows_, file, &Row::file);
        EXPECT_NE(found, rows_.end()) << file;
        return *found;
    }
};

TEST_F(CorpusAttacks, F84_F86_F89_EachJpegIsTheSameAgainAndCarriesNothing) {
    EXPECT_GT(every_one_is_made_alike(OutputFormat::kJpeg), 120);
}
TEST_F(CorpusAttacks, F84_F86_F89_EachWebpIsTheSameAgainAndCarriesNothing) {
    EXPECT_GT(every_one_is_made_alike(OutputFormat::kWebp), 120);
}
TEST_F(CorpusAttacks, F84_F86_F89_EachPngIsTheSameAgainAndCarriesNothing) {
    EXPECT_GT(every_one_is_made_alike(OutputFormat::kPng), 120);
}
TEST_F(CorpusAttacks, F84_F86_F89_EachAvifIsTheSameAgainAndCarriesNothing) {
    EXPECT_GT(every_one_is_made_alike(OutputFormat::kAvif), 120);
}

// Whatever the file is called: the verdict comes from its bytes, and so does the refusal here.
TEST_F(CorpusAttacks, F82_F83_F94_WhatIsNoPictureOfOursIsNeverDecoded) {
    int count = 0;
    for (const Row& row : rows_) {
        if (!row.file.starts_with("hostile/fake-") && !row.file.starts_with("hostile/svg-"))
            continue;
        EXPECT_NE(made(row, OutputFormat::kJpeg).refusal, Refusal::kNone) << row.file;
        ++count;
    }
    EXPECT_GT(count, 20);
}

// The child may die of these; nothing else does, and the next picture is served.
TEST_F(CorpusAttacks, F78_F80_F81_DamageThatBrokeDecodersBreaksNothingHere) {
    for (const Row& row : rows_) {
        if (!row.file.starts_with("hostile/real-") && !row.file.starts_with("hostile/flip-") &&
            !row.file.starts_with("hostile/struct-"))
            continue;
        const Outcome outcome = made(row, OutputFormat::kWebp);
        if (row.is_strict && !row.is_accepted)
            EXPECT_NE(outcome.refusal, Refusal::kNone) << row.file;
    }
    EXPECT_EQ(made(row_of("hostile/size-1x1.png"), OutputFormat::kWebp).refusal, Refusal::kNone);
}

TEST_F(CorpusAttacks, F85_AProfileThatIsNoneLeavesTheColoursAsTheyAre) {
    for (const char* name : {"icc-garbage.jpg", "icc-grey-on-rgb.jpg", "icc-missing-part.jpg"}) {
        const auto png = made(row_of(std::string("color/") + name), OutputFormat::kPng).bytes;
        const auto pixel = test::pixel_at(png, 0.2, 0.2);
        EXPECT_NEAR(pixel.red, 200, 6) << name;
        EXPECT_NEAR(pixel.green, 80, 6) << name;
        EXPECT_NEAR(pixel.blue, 80, 6) << name;
    }
}

TEST_F(CorpusAttacks, F88_AProfileNamedLikeAFileReadsNone) {
    const auto png = made(row_of("hostile/real-cve-2022-44268.png"), OutputFormat::kPng).bytes;
    EXPECT_FALSE(png.empty());
    for (const char* trace : {"root:", "passwd", "/etc", "726f6f74"})
        EXPECT_FALSE(png.contains(trace)) << trace;
}

TEST_F(CorpusAttacks, F95_WhatStandsBehindThePictureDoesNotComeOut) {
    const auto picture = test::make_picture(Format::kJpeg, 80, 60) +
                         "X5O!P%@AP[4\\PZX54(P^)7CC)7}$CANARY-BEHIND-THE-END";
    const UniqueFd file = test::file_of(picture);
    for (const auto format : {OutputFormat::kJpeg, OutputFormat::kWebp, OutputFormat::kPng}) {
        TransformRequest request;
        request.transform.format = format;
        const auto answer = test::sandbox().transform(file.get(), picture.size(), request);
        ASSERT_TRUE(answer.has_value() && answer->refusal == Refusal::kNone);
        EXPECT_FALSE(answer->bytes.contains("CANARY"));
    }
}

TEST(ImagingAttacks, F97_NoTransformMakesMoreThanTheMost) {
    const auto picture = test::make_picture(Format::kPng, 1, 1);
    const UniqueFd file = test::file_of(picture);
    for (const std::uint32_t side : {4'097U, 100'000U, 4'294'967'295U}) {
        TransformRequest request;
        request.transform.enlarge = true;
        request.transform.width_px = side;
        const auto answer = test::sandbox().transform(file.get(), picture.size(), request);
        EXPECT_FALSE(answer.has_value() && answer->refusal == Refusal::kNone) << side;
    }
    TransformRequest request;
    request.transform.enlarge = true;
    request.transform.width_px = request.transform.height_px = 4'096;
    const auto answer = test::sandbox().transform(file.get(), picture.size(), request);
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_LE(std::uint64_t{answer->facts.width_px} * answer->facts.height_px, 16'000'000U);
    const auto thin = test::make_picture(Format::kPng, 10'000, 1);
    const UniqueFd thin_file = test::file_of(thin);
    TransformRequest tall;
    tall.transform.enlarge = true;
    tall.transform.height_px = 4'096;
    const auto stretched = test::sandbox().transform(thin_file.get(), thin.size(), tall);
    ASSERT_TRUE(stretched.has_value()) << stretched.error().message;
    EXPECT_LE(stretched->facts.width_px, 4'096U);
}

}  // namespace
}  // namespace pixgate::imaging
