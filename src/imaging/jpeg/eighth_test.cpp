#include "imaging/jpeg/eighth.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>

#include "tests/support/jpeg_reference.h"
#include "tests/support/jpegs.h"
#include "tests/support/shared_dir.h"

namespace pixgate::imaging::jpeg {
namespace {

using test::JpegRecipe;
using test::JpegScans;
using Data = std::vector<std::uint8_t>;

constexpr JpegScans kAllScans[] = {
    JpegScans::kOne,         JpegScans::kOneEach,          JpegScans::kLumaAndChroma,
    JpegScans::kProgressive, JpegScans::kProgressivePlain, JpegScans::kProgressiveDcEach,
};
struct Sampling {
    const char* name;
    int h, v;
};
constexpr Sampling kSamplings[] = {{"444", 1, 1}, {"422", 2, 1}, {"420", 2, 2},
                                   {"440", 1, 2}, {"411", 4, 1}, {"410", 4, 2}};

testing::AssertionResult has_planes_of(
    const EighthPicture& picture, const test::JpegReference& reference
) {
    if (picture.status != EighthStatus::kDecoded)
        return testing::AssertionFailure() << "not decoded: " << picture.detail;
    if (!reference.is_read) return testing::AssertionFailure() << "libjpeg gave up";
    if (picture.plane_count != reference.planes.size())
        return testing::AssertionFailure() << picture.plane_count << " planes";
    for (std::size_t i = 0; i < picture.plane_count; ++i) {
        const EighthPlane& ours = picture.planes[i];
        const auto& theirs = reference.planes[i];
        if (ours.width_px != theirs.width_px || ours.height_px != theirs.height_px ||
            ours.stride != ours.width_px)
            return testing::AssertionFailure()
                   << "plane " << i << ": " << ours.width_px << " x " << ours.height_px;
        if (ours.samples != theirs.samples)
            return testing::AssertionFailure() << "plane " << i << " differs";
    }
    return testing::AssertionSuccess();
}

testing::AssertionResult is_like_libjpeg(const Data& data) {
    return has_planes_of(decode_eighth(data, {}), test::read_by_libjpeg(data.data(), data.size()));
}

// Where the marker's 0xFF stands; fails the test where there is none.
std::size_t find_segment(const Data& data, std::uint8_t marker) {
    const std::uint8_t wanted[] = {0xFF, marker};
    const auto found = std::ranges::search(data, wanted);
    EXPECT_FALSE(found.empty());
    return static_cast<std::size_t>(found.begin() - data.begin());
}

void insert(Data& data, std::size_t at, std::initializer_list<std::uint8_t> bytes) {
    data.insert(data.begin() + static_cast<std::ptrdiff_t>(at), bytes);
}

EighthStatus status_of(const Data& data) {
    return decode_eighth(data, {}).status;
}

Refusal refusal_of(const Data& data) {
    const auto picture = decode_eighth(data, {});
    EXPECT_EQ(picture.status, EighthStatus::kRefused);
    return picture.refusal;
}

TEST(JpegEighth, EverySamplingAndKindOfScanGivesTheSamplesOfLibjpeg) {
    for (const Sampling& sampling : kSamplings) {
        for (const JpegScans scans : kAllScans) {
            for (const unsigned interval : {0U, 1U, 3U, 7U}) {
                const JpegRecipe recipe{
                    .width_px = 203,
                    .height_px = 131,
                    .luma_h = sampling.h,
                    .luma_v = sampling.v,
                    .scans = scans,
                    .restart_interval = interval,
                    .is_optimised = interval == 3,
                    .seed = interval + 1
                };
                EXPECT_TRUE(is_like_libjpeg(test::make_jpeg(recipe)))
                    << sampling.name << " scans " << static_cast<int>(scans) << " interval "
                    << interval;
            }
        }
    }
}

TEST(JpegEighth, GreyGivesTheSamplesOfLibjpegWhateverItsSamplingFactorsSay) {
    for (const Sampling& sampling : kSamplings) {
        for (const JpegScans scans : {JpegScans::kOne, JpegScans::kProgressive}) {
            const JpegRecipe recipe{
                .width_px = 77,
                .height_px = 59,
                .components = 1,
                .luma_h = sampling.h,
                .luma_v = sampling.v,
                .scans = scans,
                .restart_interval = 5
            };
            EXPECT_TRUE(is_like_libjpeg(test::make_jpeg(recipe))) << sampling.name;
        }
    }
}

TEST(JpegEighth, EverySmallSizeGivesTheSamplesOfLibjpeg) {
    for (int width = 1; width <= 40; ++width) {
        for (const int height : {1, width, 1 + (width * 7) % 40, 41 - width}) {
            for (const Sampling& sampling : kSamplings) {
                const JpegScans scans = kAllScans[static_cast<std::size_t>(width + height) % 6];
                const JpegRecipe recipe{
                    .width_px = width,
                    .height_px = height,
                    .luma_h = sampling.h,
                    .luma_v = sampling.v,
                    .scans = scans,
                    .restart_interval = static_cast<unsigned>(height % 3)
                };
                EXPECT_TRUE(is_like_libjpeg(test::make_jpeg(recipe)))
                    << width << " x " << height << " " << sampling.name;
            }
        }
    }
}

TEST(JpegEighth, EveryQualityGivesTheSamplesOfLibjpeg) {
    for (const int quality : {1, 5, 20, 50, 75, 90, 96, 99, 100}) {
        for (const bool is_optimised : {false, true}) {
            const JpegRecipe recipe{
                .width_px = 320, .height_px = 240, .is_optimised = is_optimised, .quality = quality
            };
            EXPECT_TRUE(is_like_libjpeg(test::make_jpeg(recipe))) << quality;
        }
    }
}

TEST(JpegEighth, SamplesAreThoseOfLibjpegsOwnDecodingAtAnEighth) {
    for (const JpegScans scans : {JpegScans::kOne, JpegScans::kProgressive}) {
        const auto half =
            test::make_jpeg({.width_px = 203, .height_px = 131, .scans = scans, .quality = 30});
        const auto picture = decode_eighth(half, {});
        ASSERT_EQ(picture.status, EighthStatus::kDecoded);
        EXPECT_EQ(
            picture.planes[0].samples,
            test::eighth_by_libjpeg(half.data(), half.size(), JCS_GRAYSCALE)
        );
        const auto full = test::make_jpeg(
            {.width_px = 203, .height_px = 131, .luma_h = 1, .luma_v = 1, .scans = scans}
        );
        const auto same = decode_eighth(full, {});
        ASSERT_EQ(same.status, EighthStatus::kDecoded);
        Data together;
        for (std::size_t i = 0; i < same.planes[0].samples.size(); ++i) {
            for (const auto& plane : same.planes) together.push_back(plane.samples[i]);
        }
        EXPECT_EQ(together, test::eighth_by_libjpeg(full.data(), full.size(), JCS_YCbCr));
    }
}

TEST(JpegEighth, EveryJpegOfTheCorpusGivesTheSamplesOfLibjpegOrADocumentedRefusal) {
    const auto shared = test::shared_dir();
    if (!shared || !std::filesystem::exists(*shared / "corpus"))
        GTEST_SKIP() << "no picture corpus here (PIXGATE_SHARED)";
    int decoded = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*shared / "corpus")) {
        if (entry.path().extension() != ".jpg") continue;
        std::ifstream in(entry.path(), std::ios::binary);
        const Data data{std::istreambuf_iterator<char>(in), {}};
        const auto picture = decode_eighth(data, {});
        if (picture.status == EighthStatus::kDecoded) {
            const auto reference = test::read_by_libjpeg(data.data(), data.size());
            EXPECT_TRUE(has_planes_of(picture, reference)) << entry.path();
            const auto status = decode_eighth(data, {}, AcScans::kRead).status;
            EXPECT_EQ(status == EighthStatus::kDecoded, !reference.is_damaged) << entry.path();
            ++decoded;
        } else if (!entry.path().string().contains("hostile")) {
            // CMYK and RGB, and nothing else, among the pictures that are to be accepted.
            EXPECT_EQ(picture.status, EighthStatus::kNotSupported)
                << entry.path() << " " << picture.detail;
        }
    }
    EXPECT_GT(decoded, 60);
}

TEST(JpegEighth, WhatIsNotReadHereIsLeftToLibjpeg) {
    EXPECT_EQ(
        status_of(test::make_jpeg({.components = 4, .luma_h = 1, .luma_v = 1})),
        EighthStatus::kNotSupported
    );
    EXPECT_EQ(status_of(test::make_jpeg({.is_arithmetic = true})), EighthStatus::kNotSupported);
    EXPECT_EQ(
        status_of(test::make_jpeg({.luma_h = 1, .luma_v = 1, .is_rgb = true})),
        EighthStatus::kNotSupported
    );
    EXPECT_EQ(status_of(test::make_jpeg({.luma_h = 3, .luma_v = 1})), EighthStatus::kNotSupported);
}

TEST(JpegEighth, Attack78OtherProcessesBitsAndDnlAreLeftToLibjpeg) {
    const Data good = test::make_jpeg({});
    const auto frame = find_segment(good, 0xC0);
    for (const int marker : {0xC3, 0xC5, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCF}) {
        Data data = good;
        data[frame + 1] = static_cast<std::uint8_t>(marker);
        EXPECT_EQ(status_of(data), EighthStatus::kNotSupported) << marker;
    }
    Data deep = good;
    deep[frame + 4] = 12;
    EXPECT_EQ(status_of(deep), EighthStatus::kNotSupported);
    Data late_height = good;
    insert(late_height, good.size() - 2, {0xFF, 0xDC, 0, 4, 0, 48});
    EXPECT_EQ(status_of(late_height), EighthStatus::kNotSupported);
    late_height[frame + 5] = late_height[frame + 6] = 0;
    EXPECT_EQ(refusal_of(late_height), Refusal::kBroken);
}

TEST(JpegEighth, Attack78PicturesOverTheLimitsAreRefusedBeforeAnythingElse) {
    const Data good = test::make_jpeg({.width_px = 300, .height_px = 200});
    const auto with = [&](std::function<void(Limits&)> change) {
        Limits limits;
        change(limits);
        return decode_eighth(good, limits).refusal;
    };
    EXPECT_EQ(with([](Limits& limits) { limits.max_pixels = 60'000; }), Refusal::kNone);
    EXPECT_EQ(with([](Limits& limits) { limits.max_pixels = 59'999; }), Refusal::kTooManyPixels);
    EXPECT_EQ(with([](Limits& limits) { limits.max_side_px = 299; }), Refusal::kSideTooLong);
    Data huge = good;
    const auto frame = find_segment(huge, 0xC0);
    for (std::size_t i = 5; i < 9; ++i) huge[frame + i] = 0xFF;
    EXPECT_EQ(refusal_of(huge), Refusal::kTooManyPixels);
}

TEST(JpegEighth, Attack78LongAndThinIsReadWhereTheLimitsAllowIt) {
    Limits limits;
    limits.max_side_px = 65'535;
    for (const bool is_wide : {false, true}) {
        const Data data =
            test::make_jpeg({.width_px = is_wide ? 65'500 : 1, .height_px = is_wide ? 1 : 65'500});
        EXPECT_TRUE(has_planes_of(
            decode_eighth(data, limits), test::read_by_libjpeg(data.data(), data.size())
        ));
    }
}

TEST(JpegEighth, Attack77ScansOverTheLimitAreRefused) {
    Data data = test::make_jpeg({.scans = JpegScans::kProgressivePlain});
    const auto last = [](const Data& of) {
        const std::uint8_t wanted[] = {0xFF, 0xDA};
        const auto found = std::ranges::find_end(of, wanted);
        return static_cast<std::size_t>(found.begin() - of.begin());
    };
    const auto from = last(data);
    const Data scan(data.begin() + static_cast<std::ptrdiff_t>(from), data.end() - 2);
    data.resize(data.size() - 2);
    const auto repeat = [&](int times) {
        Data longer = data;
        for (int i = 0; i < times; ++i) longer.insert(longer.end(), scan.begin(), scan.end());
        longer.insert(longer.end(), {0xFF, 0xD9});
        return longer;
    };
    EXPECT_EQ(status_of(repeat(96)), EighthStatus::kDecoded);  // 100 with the 4 of the picture
    EXPECT_EQ(refusal_of(repeat(97)), Refusal::kTooManyScans);
    EXPECT_EQ(refusal_of(repeat(50'000)), Refusal::kTooManyScans);
}

TEST(JpegEighth, Attack78HuffmanTablesThatAreNoCodeAreBroken) {
    const Data good = test::make_jpeg({.is_optimised = true});
    const auto table = find_segment(good, 0xC4);
    Data crowded = good;
    crowded[table + 5] = 3;  // three codes of one bit
    EXPECT_EQ(refusal_of(crowded), Refusal::kBroken);
    Data number = good;
    number[table + 4] = 0x04;
    EXPECT_EQ(refusal_of(number), Refusal::kBroken);
    Data none = good;
    none[table + 1] = 0xFE;  // now a comment: libjpeg would take the standard's tables
    EXPECT_EQ(status_of(none), EighthStatus::kNotSupported);
}

TEST(JpegEighth, Attack78ComponentsOfAScanComeInTheOrderOfTheFrame) {
    const Data good = test::make_jpeg({});
    const auto parts = find_segment(good, 0xDA) + 5;
    const auto with = [&](std::initializer_list<std::uint8_t> ids) {
        Data data = good;
        for (std::size_t i = 0; const auto id : ids) data[parts + 2 * i++] = id;
        return data;
    };
    EXPECT_TRUE(is_like_libjpeg(with({1, 2, 3})));
    const Data swapped = with({1, 3, 2});
    EXPECT_EQ(refusal_of(swapped), Refusal::kBroken);
    EXPECT_FALSE(test::read_by_libjpeg(swapped.data(), swapped.size()).is_read);
    EXPECT_EQ(refusal_of(with({2, 1, 3})), Refusal::kBroken);
    EXPECT_EQ(refusal_of(with({1, 2, 2})), Refusal::kBroken);
}

TEST(JpegEighth, Attack78RestartMarkersHaveToBeTheRightOnes) {
    const Data good = test::make_jpeg({.width_px = 200, .restart_interval = 1});
    EXPECT_TRUE(is_like_libjpeg(good));
    for (const int wrong : {0xD3, 0xD9, 0x00}) {
        Data data = good;
        data[find_segment(data, 0xD1) + 1] = static_cast<std::uint8_t>(wrong);
        EXPECT_EQ(refusal_of(data), Refusal::kBroken) << wrong;
    }
    Data filled = good;
    insert(filled, find_segment(filled, 0xD2), {0xFF, 0xFF, 0xFF});
    EXPECT_TRUE(is_like_libjpeg(filled));
}

TEST(JpegEighth, WhatStandsAfterTheEndIsIgnoredAndAMissingEndIsBroken) {
    Data data = test::make_jpeg({});
    insert(data, data.size(), {1, 2, 3, 0xFF, 0xC0, 0xFF});
    EXPECT_TRUE(is_like_libjpeg(data));
    data = test::make_jpeg({});
    data.resize(data.size() - 2);
    EXPECT_EQ(refusal_of(data), Refusal::kBroken);
}

TEST(JpegEighth, Attack78TruncationAtAnyByteIsBroken) {
    for (const JpegScans scans : kAllScans) {
        for (const unsigned interval : {0U, 2U}) {
            const Data whole = test::make_jpeg(
                {.width_px = 41, .height_px = 35, .scans = scans, .restart_interval = interval}
            );
            for (std::size_t size = 0; size < whole.size(); ++size) {
                // A buffer of exactly that size: the sanitizers see a read beyond it.
                const Data cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
                ASSERT_EQ(refusal_of(cut), Refusal::kBroken) << size;
            }
        }
    }
}

TEST(JpegEighth, Attack78AnyBitFlippedIsRefusedOrGivesTheSamplesOfLibjpeg) {
    for (const JpegScans scans : kAllScans) {
        const Data whole =
            test::make_jpeg({.width_px = 33, .height_px = 20, .scans = scans, .restart_interval = 2}
            );
        // Every bit once; the headers, which are much alike, not six times over.
        const std::size_t step = scans == JpegScans::kOne ? 1 : 5;
        for (std::size_t bit = 0; bit < whole.size() * 8; bit += step) {
            Data flipped = whole;
            flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << bit % 8));
            const auto picture = decode_eighth(flipped, {});
            if (picture.status != EighthStatus::kDecoded) continue;
            const auto reference = test::read_by_libjpeg(flipped.data(), flipped.size());
            ASSERT_TRUE(has_planes_of(picture, reference))
                << "scans " << static_cast<int>(scans) << " bit " << bit;
            const auto whole_status = decode_eighth(flipped, {}, AcScans::kRead).status;
            ASSERT_TRUE(whole_status != EighthStatus::kDecoded || !reference.is_damaged)
                << "scans " << static_cast<int>(scans) << " bit " << bit;
        }
    }
}

TEST(JpegEighth, ReadingAcScansTooFindsAllWholeAndGivesTheSameSamples) {
    for (const JpegScans scans : kAllScans) {
        for (const int quality : {10, 75, 100}) {
            const Data data = test::make_jpeg(
                {.width_px = 203,
                 .height_px = 131,
                 .scans = scans,
                 .restart_interval = quality == 75 ? 4U : 0U,
                 .quality = quality}
            );
            EXPECT_TRUE(has_planes_of(
                decode_eighth(data, {}, AcScans::kRead),
                test::read_by_libjpeg(data.data(), data.size())
            )) << static_cast<int>(scans)
               << " " << quality;
        }
    }
}

TEST(JpegEighth, DamageInAnAcScanIsNoticedWhereAcScansAreRead) {
    const Data whole = test::make_jpeg({.scans = JpegScans::kProgressive});
    Data cut = whole;
    // Without its last bytes the last scan ends early; the end of the picture is there.
    cut.erase(cut.end() - 12, cut.end() - 2);
    EXPECT_EQ(decode_eighth(cut, {}).status, EighthStatus::kDecoded);
    EXPECT_EQ(decode_eighth(cut, {}, AcScans::kRead).refusal, Refusal::kBroken);
    EXPECT_TRUE(test::read_by_libjpeg(cut.data(), cut.size()).is_damaged);
}

}  // namespace
}  // namespace pixgate::imaging::jpeg
