// Every byte cut and every bit flipped of a small picture of each format, judged in this process,
// so that the sanitizers see what the decoders read.
#include <gtest/gtest.h>

#include <chrono>
#include <vector>
#include <vips/vips8>

#include "imaging/bmp.h"
#include "imaging/decode.h"
#include "imaging/verify.h"
#include "imaging/vips_setup.h"
#include "tests/support/bytes.h"
#include "tests/support/jpegs.h"
#include "tests/support/pictures.h"

namespace pixgate::imaging {
namespace {

using Data = std::vector<std::uint8_t>;

constexpr int kWidth = 12, kHeight = 8;
constexpr std::chrono::seconds kHangs{5};  // for a picture of 96 pixels, on any machine

struct Seed {
    std::string name;
    Format format;
    // What no decoder needs of the file's end, PNG's IEND and GIF's trailer: without it the picture
    // may be accepted.
    std::size_t spare_bytes = 0;
    // Of AVIF and HEIC, whose decoders take a millisecond, one in so many is tried.
    std::size_t cut_step = 1, flip_step = 1;
};

std::ostream& operator<<(std::ostream& out, const Seed& seed) {
    return out << seed.name;
}

std::string bmp() {
    constexpr std::uint32_t kHeaders = 54, kPixels = kWidth * kHeight * 3;
    test::ByteBuilder out(Endian::kLittle);
    out.text("BM").u32(kHeaders + kPixels).u32(0).u32(kHeaders);
    out.u32(40).u32(kWidth).u32(kHeight).u16(1).u16(24);
    out.u32(0).u32(kPixels).u32(2835).u32(2835).u32(0).u32(0);
    std::string pixels;
    for (std::uint32_t i = 0; i < kPixels; ++i) pixels += static_cast<char>(i * 7);
    return out.str() + pixels;
}

Data bytes_of(const Seed& seed) {
    std::string made;
    if (seed.format == Format::kBmp) {
        made = bmp();
    } else if (seed.format == Format::kJpeg) {
        const bool is_progressive = seed.name == "jpeg_progressive";
        return test::make_jpeg(
            {.width_px = kWidth,
             .height_px = kHeight,
             .scans = is_progressive ? test::JpegScans::kProgressive : test::JpegScans::kOne,
             .is_optimised = true}
        );
    } else if (seed.name == "webp_lossless") {
        made = test::make_scene(Format::kWebp, {.width_px = kWidth, .height_px = kHeight});
    } else {
        made = test::make_picture(seed.format, kWidth, kHeight);
    }
    return {made.begin(), made.end()};
}

VerifyAnswer judged(const Data& data, Format format) {
    VerifyRequest request;
    request.check_declared = false;
    request.allowed.add(format);
    request.limits.max_pixels = request.limits.max_total_pixels = 8'000;
    request.limits.max_frames = 8;
    const auto start = std::chrono::steady_clock::now();
    VerifyAnswer answer = verify_bytes(data, request);
    EXPECT_LT(std::chrono::steady_clock::now() - start, kHangs);
    return answer;
}

// By the decoder alone, to the last pixel: of the size and the frames that were found in the
// header?
bool decodes_as(const Data& data, const Facts& facts) {
    if (facts.format == Format::kBmp) {
        const auto picture = decode_bmp(data);
        return picture && picture->width_px == facts.width_px &&
               picture->height_px == facts.height_px;
    }
    try {
        // Nobody reads the chunks of a PNG that this leaves out.
        const DecoderInput input(data, facts.format);
        const auto image = vips::VImage::new_from_buffer(
            input.bytes().data(), input.bytes().size(), "",
            vips::VImage::option()->set("fail_on", VIPS_FAIL_ON_ERROR)
        );
        image.region().prepare(0, 0, image.width(), image.height());
        const auto upright = image.autorot();
        const bool can_move = facts.format == Format::kGif || facts.format == Format::kWebp;
        const bool has_pages = can_move && image.get_typeof(VIPS_META_N_PAGES) != 0;
        const auto frames =
            has_pages ? static_cast<std::uint32_t>(image.get_int(VIPS_META_N_PAGES)) : facts.frames;
        return static_cast<std::uint32_t>(upright.width()) == facts.width_px &&
               static_cast<std::uint32_t>(upright.height()) == facts.height_px &&
               frames == facts.frames;
    } catch (const vips::VError&) {
        return false;
    }
}

class VerifyDamage : public testing::TestWithParam<Seed> {
protected:
    void SetUp() override {
        ASSERT_TRUE(start_vips().has_value());
        whole_ = bytes_of(GetParam());
        const auto answer = judged(whole_, GetParam().format);
        ASSERT_EQ(answer.refusal, Refusal::kNone) << answer.detail;
        ASSERT_TRUE(decodes_as(whole_, answer.facts));
    }

    Data whole_;
};

TEST_P(VerifyDamage, F93_EveryCutIsRefused) {
    const Seed& seed = GetParam();
    for (std::size_t size = 0; size < whole_.size(); size += seed.cut_step) {
        // A buffer of exactly that size: the sanitizers see a read beyond it.
        const Data cut(whole_.begin(), whole_.begin() + static_cast<std::ptrdiff_t>(size));
        const auto answer = judged(cut, seed.format);
        if (answer.refusal != Refusal::kNone) continue;
        EXPECT_GE(size + seed.spare_bytes, whole_.size()) << "accepted, of " << whole_.size();
        EXPECT_TRUE(decodes_as(cut, answer.facts)) << size;
    }
}

TEST_P(VerifyDamage, F93_NoFlippedBitIsAcceptedThatTheDecoderRefuses) {
    const Seed& seed = GetParam();
    std::size_t refused = 0;
    for (std::size_t bit = 0; bit < whole_.size() * 8; bit += seed.flip_step) {
        Data flipped = whole_;
        flipped[bit / 8] = static_cast<std::uint8_t>(flipped[bit / 8] ^ (1U << bit % 8));
        const auto answer = judged(flipped, seed.format);
        if (answer.refusal == Refusal::kNone)
            EXPECT_TRUE(decodes_as(flipped, answer.facts))
                << "byte " << bit / 8 << " bit " << bit % 8;
        else
            ++refused;
    }
    EXPECT_GT(refused, 0U) << "nothing was judged";
}

INSTANTIATE_TEST_SUITE_P(
    Formats,
    VerifyDamage,
    testing::Values(
        Seed{"jpeg", Format::kJpeg},
        Seed{"jpeg_progressive", Format::kJpeg},
        Seed{"png", Format::kPng, 12},
        Seed{"gif", Format::kGif, 1},
        Seed{"webp_lossy", Format::kWebp},
        Seed{"webp_lossless", Format::kWebp},
        Seed{"avif", Format::kAvif, 0, 3, 11},
        Seed{"heic", Format::kHeic, 0, 3, 11},
        Seed{"tiff", Format::kTiff},
        Seed{"bmp", Format::kBmp}
    ),
    [](const testing::TestParamInfo<Seed>& info) { return info.param.name; }
);

}  // namespace
}  // namespace pixgate::imaging
