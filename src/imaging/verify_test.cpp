#include "imaging/verify.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/bytes.h"
#include "tests/support/pictures.h"
#include "tests/support/sandboxes.h"

namespace pixgate::imaging {
namespace {

constexpr std::array kFormats{Format::kJpeg, Format::kPng,  Format::kGif, Format::kWebp,
                              Format::kAvif, Format::kHeic, Format::kTiff};
constexpr unsigned kSeed = 20'240'607;

VerifyRequest declared(Format format) {
    VerifyRequest request;
    request.declared = format;
    request.limits.max_wall_ms = 5'000;
    return request;
}

Result<VerifyAnswer> in_sandbox(const std::string& bytes, const VerifyRequest& request) {
    const UniqueFd file = test::file_of(bytes);
    return test::sandbox().verify(file.get(), bytes.size(), request);
}

TEST(Verify, AcceptsGoodPicturesOfEachFormat) {
    for (const auto format : kFormats) {
        const auto answer = in_sandbox(test::make_picture(format, 80, 60), declared(format));
        ASSERT_TRUE(answer.has_value()) << name_of(format) << ": " << answer.error().message;
        EXPECT_EQ(answer->refusal, Refusal::kNone) << name_of(format) << ": " << answer->detail;
        EXPECT_EQ(answer->facts.width_px, 80U);
        EXPECT_EQ(answer->facts.height_px, 60U);
    }
}

TEST(Verify, F94_RefusesWhatWasNotAnnouncedOrIsNotAllowed) {
    const auto png = test::make_picture(Format::kPng, 8, 6);
    const auto refusal = [](const std::string& bytes, VerifyRequest request) {
        return verify_header(test::as_bytes(bytes), request).refusal;
    };
    EXPECT_EQ(refusal(png, declared(Format::kPng)), Refusal::kNone);
    EXPECT_EQ(refusal(png, declared(Format::kJpeg)), Refusal::kTypeMismatch);
    EXPECT_EQ(refusal(png, declared(Format::kUnknown)), Refusal::kTypeMismatch);
    auto only_jpeg = declared(Format::kPng);
    only_jpeg.allowed = FormatSet{Format::kJpeg};
    EXPECT_EQ(refusal(png, only_jpeg), Refusal::kTypeNotAllowed);
    EXPECT_EQ(refusal("<svg/>", declared(Format::kSvg)), Refusal::kTypeNotAllowed);
    EXPECT_EQ(refusal("hello", declared(Format::kJpeg)), Refusal::kNotAnImage);
    EXPECT_EQ(refusal("", declared(Format::kJpeg)), Refusal::kEmpty);
    auto small = declared(Format::kPng);
    small.limits.max_bytes = png.size() - 1;
    EXPECT_EQ(refusal(png, small), Refusal::kTooManyBytes);
    auto unsaid = declared(Format::kUnknown);
    unsaid.check_declared = false;
    EXPECT_EQ(refusal(png, unsaid), Refusal::kNone);
}

TEST(Verify, F93_RefusesEmptyAndTooLargeFilesWithoutAChild) {
    const UniqueFd file = test::file_of("x");
    VerifyRequest request;
    EXPECT_EQ(test::sandbox().verify(file.get(), 0, request)->refusal, Refusal::kEmpty);
    request.limits.max_bytes = 10;
    EXPECT_EQ(test::sandbox().verify(file.get(), 11, request)->refusal, Refusal::kTooManyBytes);
}

TEST(Verify, SeesDamageOnlyWhenItDecodes) {
    const auto png = test::png_header_bomb(16, 16);  // one byte of pixels
    auto request = declared(Format::kPng);
    EXPECT_EQ(in_sandbox(png, request)->refusal, Refusal::kBroken);
    request.full_decode = false;
    EXPECT_EQ(in_sandbox(png, request)->refusal, Refusal::kNone);
}

// Each must be refused or accepted: no crash, no hang, no forbidden call.
TEST(Verify, F93_RefusesPicturesThatAreCutOff) {
    for (const auto format : kFormats) {
        const auto picture = test::make_picture(format, 160, 120);
        for (std::size_t part = 1; part < 40; ++part) {
            const auto cut = picture.substr(0, picture.size() * part / 40);
            const auto answer = in_sandbox(cut, declared(format));
            ASSERT_TRUE(answer.has_value())
                << name_of(format) << " " << cut.size() << ": " << answer.error().message;
            EXPECT_NE(answer->refusal, Refusal::kNone) << name_of(format) << " " << cut.size();
        }
    }
}

TEST(Verify, F93_SurvivesFlippedBits) {
    std::mt19937 random(kSeed);
    for (const auto format : kFormats) {
        const auto picture = test::make_picture(format, 96, 64);
        for (int round = 0; round < 60; ++round) {
            auto damaged = picture;
            for (int flips = 0; flips <= round % 4; ++flips)
                damaged[random() % damaged.size()] ^= static_cast<char>(1U << random() % 8);
            const auto answer = in_sandbox(damaged, declared(format));
            ASSERT_TRUE(answer.has_value())
                << name_of(format) << " round " << round << ": " << answer.error().message;
        }
    }
}

TEST(Verify, F94_SurvivesNoiseBehindEveryMagic) {
    std::mt19937 random(kSeed);
    for (const auto format : kFormats) {
        const auto picture = test::make_picture(format, 96, 64);
        for (const std::size_t kept : {12U, 24U, 48U, 200U}) {
            auto noise = picture;
            for (std::size_t i = kept; i < noise.size(); ++i)
                noise[i] = static_cast<char>(random());
            const auto answer = in_sandbox(noise, declared(format));
            ASSERT_TRUE(answer.has_value())
                << name_of(format) << " " << kept << ": " << answer.error().message;
            // Behind a whole header noise may well be pixels, for a lossy format.
            if (kept <= 24) {
                EXPECT_NE(answer->refusal, Refusal::kNone) << name_of(format) << " " << kept;
            }
        }
    }
}

}  // namespace
}  // namespace pixgate::imaging
