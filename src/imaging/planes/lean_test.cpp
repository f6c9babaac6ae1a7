#include "imaging/planes/lean.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>
#include <vips/vips8>

#include "imaging/encode.h"
#include "imaging/planes/eighth_planes.h"
#include "imaging/verify.h"
#include "imaging/vips_setup.h"
#include "tests/support/bytes.h"
#include "tests/support/jpegs.h"
#include "tests/support/shared_dir.h"

namespace pixgate::imaging {
namespace {

using vips::VImage;

constexpr std::uint8_t kQuality = 80;

Bytes bytes_of(const std::string& text) {
    return test::as_bytes(text);
}

struct Grey {
    int width = 0, height = 0;
    std::vector<std::uint8_t> samples;
    double at(int x, int y) const {
        return samples
            [static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
             static_cast<std::size_t>(x)];
    }
};

Grey grey_of(const VImage& image) {
    const VImage grey = image.colourspace(VIPS_INTERPRETATION_B_W).extract_band(0);
    std::size_t bytes = 0;
    auto* pixels = static_cast<std::uint8_t*>(grey.write_to_memory(&bytes));
    Grey out{grey.width(), grey.height(), {pixels, pixels + bytes}};
    g_free(pixels);
    return out;
}

VImage opened(Bytes data) {
    return VImage::new_from_buffer(data.data(), data.size(), "");
}

// Structural similarity of windows of 8 x 8, each 4 from the next.
double ssim(const Grey& a, const Grey& b) {
    constexpr int kSide = 8, kStep = 4;
    constexpr double kC1 = 6.5025, kC2 = 58.5225;
    double sum = 0;
    int windows = 0;
    for (int top = 0; top + kSide <= a.height; top += kStep) {
        for (int left = 0; left + kSide <= a.width; left += kStep, ++windows) {
            double of_a = 0, of_b = 0, aa = 0, bb = 0, ab = 0;
            for (int y = top; y < top + kSide; ++y) {
                for (int x = left; x < left + kSide; ++x) {
                    const double p = a.at(x, y), q = b.at(x, y);
                    of_a += p;
                    of_b += q;
                    aa += p * p;
                    bb += q * q;
                    ab += p * q;
                }
            }
            constexpr double kCount = kSide * kSide;
            of_a /= kCount;
            of_b /= kCount;
            const double var_a = aa / kCount - of_a * of_a, var_b = bb / kCount - of_b * of_b;
            const double cov = ab / kCount - of_a * of_b;
            sum += (2 * of_a * of_b + kC1) * (2 * cov + kC2) /
                   ((of_a * of_a + of_b * of_b + kC1) * (var_a + var_b + kC2));
        }
    }
    return sum / windows;
}

std::string ours(Bytes data, std::uint32_t width_px) {
    TransformRequest request;
    request.transform.width_px = width_px;
    request.transform.quality = kQuality;
    VerifyRequest header;
    header.check_declared = false;
    const auto answer = lean_transform(data, verify_header(data, header).facts, request);
    return answer ? answer->bytes : std::string();
}

std::string of_thumbnail(Bytes data, int width_px) {
    VipsBlob* blob = vips_blob_new(nullptr, data.data(), data.size());
    const VImage image =
        VImage::thumbnail_buffer(blob, width_px, VImage::option()->set("height", VIPS_MAX_COORD));
    vips_area_unref(VIPS_AREA(blob));
    return encode(image.copy_memory(), {Format::kJpeg, kQuality, 4, {}});
}

Grey plainly_resized(Bytes data, int width_px) {
    const VImage image = opened(data);
    const double scale = static_cast<double>(width_px) / image.width();
    const VImage small = image.resize(
        scale, VImage::option()->set("vscale", std::round(image.height() * scale) / image.height())
    );
    return grey_of(small);
}

// From decodings at every scale.
TEST(Lean, LosesNoMoreThanThumbnailsOfLibvips) {
    ASSERT_TRUE(start_vips().has_value());
    const auto shared = test::shared_dir();
    if (!shared) GTEST_SKIP() << "no picture corpus here (PIXGATE_SHARED)";
    double lost = 0;
    int made_count = 0;
    for (const char* name :
         {"japanese-shop-12mp.jpg", "samsung-sm-g965w-12mp.jpg", "nikon-d90-12mp.jpg"}) {
        std::ifstream file(*shared / "corpus" / "photos" / name, std::ios::binary);
        const std::string picture{std::istreambuf_iterator<char>(file), {}};
        ASSERT_FALSE(picture.empty()) << name;
        for (const int width_px : {320, 800, 1'600}) {
            const Bytes data = bytes_of(picture);
            const Grey wanted = plainly_resized(data, width_px);
            const Grey made =
                grey_of(opened(bytes_of(ours(data, static_cast<unsigned>(width_px)))));
            const Grey theirs = grey_of(opened(bytes_of(of_thumbnail(data, width_px))));
            ASSERT_EQ(made.width, wanted.width) << name;
            ASSERT_EQ(made.height, wanted.height) << name;
            const double of_ours = ssim(made, wanted), of_theirs = ssim(theirs, wanted);
            EXPECT_LT(of_theirs - of_ours, 0.003) << name << " " << width_px << ": " << of_theirs;
            lost += of_theirs - of_ours;
            ++made_count;
        }
    }
    EXPECT_LT(lost / made_count, 0.001);
}

double mean_distance(const Plane& a, const Plane& b) {
    double sum = 0;
    for (std::uint32_t y = 0; y < a.height(); ++y) {
        for (std::uint32_t x = 0; x < a.width(); ++x) sum += std::abs(a.row(y)[x] - b.row(y)[x]);
    }
    return sum / a.width() / a.height();
}

TEST(EighthPlanes, LeadToWhatLibjpegLeadsTo) {
    for (const auto& [luma_h, luma_v] : {std::pair{2, 2}, {2, 1}, {1, 1}, {1, 2}}) {
        const auto picture = test::make_jpeg(
            {.width_px = 2'003, .height_px = 1'501, .luma_h = luma_h, .luma_v = luma_v, .seed = 3}
        );
        JpegReader reader(picture, 1ULL << 28);
        JpegHead head;
        ASSERT_TRUE(reader.read_head(head) && head.is_planar);
        EXPECT_EQ(head.chroma.across, luma_h);
        EXPECT_EQ(head.chroma.down, luma_v);
        const Rendering how{head.size, {{0, 0}, head.size}, {120, 90}, 1, kHalfChroma};
        EXPECT_TRUE(eighth_is_enough(head, how));
        const auto eighth = decode_eighth_planes(picture, head, {}, jpeg::AcScans::kPassOver);
        ASSERT_TRUE(eighth.has_value());
        Planes decoded;
        ASSERT_TRUE(decode_planes(reader, 8, ChromaWanted::kHalf, decoded)) << reader.error();
        const Planes fast = render(*eighth, how), slow = render(decoded, how);
        EXPECT_LT(mean_distance(fast.y, slow.y), 0.01);
        EXPECT_LT(mean_distance(fast.cb, slow.cb), 4);
        EXPECT_LT(mean_distance(fast.cr, slow.cr), 4);
    }
}

TEST(EighthPlanes, AreNotEnoughForColourThatIsWantedInFull) {
    JpegHead head;
    head.size = {4'000, 3'000};
    head.chroma = kHalfChroma;
    const Rect all{{0, 0}, head.size};
    EXPECT_TRUE(eighth_is_enough(head, {head.size, all, {250, 187}, 1, kFullChroma}));
    EXPECT_FALSE(eighth_is_enough(head, {head.size, all, {320, 240}, 1, kFullChroma}));
    EXPECT_TRUE(eighth_is_enough(head, {head.size, all, {500, 375}, 1, kHalfChroma}));
    EXPECT_FALSE(eighth_is_enough(head, {head.size, all, {626, 470}, 1, kHalfChroma}));
    head.is_grey = true;
    EXPECT_TRUE(eighth_is_enough(head, {head.size, all, {500, 375}, 1, kFullChroma}));
}

}  // namespace
}  // namespace pixgate::imaging
