#include "imaging/prepare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vips/vips8>

#include "imaging/direct.h"
#include "imaging/geometry.h"
#include "imaging/pixels.h"
#include "imaging/probe.h"
#include "imaging/transform.h"
#include "imaging/verify.h"
#include "imaging/vips_setup.h"
#include "tests/support/bytes.h"
#include "tests/support/pictures.h"

namespace pixgate::imaging {
namespace {

Result<PrepareAnswer> prepare(const std::string& picture, const PrepareRequest& request) {
    DirectImaging direct;
    const UniqueFd file = test::file_of(picture);
    return direct.prepare(file.get(), picture.size(), request);
}

void add(PrepareRequest& request, const Transform& transform, bool is_rendition = false) {
    request.products.at(request.product_count++) = {transform, 4, is_rendition};
}

Transform width(std::uint32_t width_px, OutputFormat format) {
    Transform transform;
    transform.width_px = width_px;
    transform.format = format;
    return transform;
}

PrepareRequest usual() {
    PrepareRequest request;
    request.verify.check_declared = false;
    for (const std::uint32_t side : {2048U, 1024U, 504U})
        add(request, width(side, OutputFormat::kJpeg), true);
    for (const std::uint32_t side : {160U, 320U, 640U})
        add(request, width(side, OutputFormat::kWebp));
    return request;
}

// Every product is what its facts say, by its own header.
void expect_true_facts(const PrepareAnswer& answer) {
    for (const Product& product : answer.products) {
        const auto probed = probe(test::as_bytes(product.bytes), product.facts.format, {});
        EXPECT_EQ(probed.refusal, Refusal::kNone) << product.index;
        EXPECT_EQ(probed.facts.width_px, product.facts.width_px) << product.index;
        EXPECT_EQ(probed.facts.height_px, product.facts.height_px) << product.index;
        EXPECT_EQ(product.facts.orientation, 1) << product.index;
    }
}

const Product* find(const PrepareAnswer& answer, std::uint32_t index) {
    for (const Product& product : answer.products) {
        if (product.index == index) return &product;
    }
    return nullptr;
}

TEST(Prepare, MakesEveryProductOfEachFormat) {
    for (const auto format :
         {Format::kJpeg, Format::kPng, Format::kGif, Format::kWebp, Format::kAvif, Format::kHeic,
          Format::kTiff}) {
        const auto answer = prepare(test::make_picture(format, 800, 600), usual());
        ASSERT_TRUE(answer.has_value()) << name_of(format) << ": " << answer.error().message;
        ASSERT_EQ(answer->refusal, Refusal::kNone) << name_of(format) << ": " << answer->detail;
        EXPECT_EQ(answer->facts.width_px, 800U);
        expect_true_facts(*answer);
        EXPECT_EQ(find(*answer, 0), nullptr) << "as large as the next smaller one";
        ASSERT_EQ(answer->products.size(), 5U);
        EXPECT_EQ(find(*answer, 1)->facts.width_px, 800U);
        EXPECT_NEAR(find(*answer, 2)->facts.width_px, 504, 60);
        EXPECT_EQ(find(*answer, 3)->facts.width_px, 160U);
        EXPECT_EQ(find(*answer, 5)->facts.height_px, 480U);
        EXPECT_GE(answer->placeholders.thumbhash_bytes, 5);
        for (const Product& product : answer->products) {
            const auto red = test::pixel_at(product.bytes, 0.2, 0.2);
            EXPECT_NEAR(red.red, 200, 12) << name_of(format) << " " << product.index;
            EXPECT_NEAR(red.green, 20, 12) << name_of(format) << " " << product.index;
        }
    }
}

TEST(Prepare, MakesOneRenditionOfASmallPictureAtItsOwnSize) {
    const auto answer = prepare(test::make_picture(Format::kJpeg, 120, 300), usual());
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->products.size(), 4U);
    ASSERT_NE(find(*answer, 2), nullptr);
    EXPECT_EQ(find(*answer, 2)->facts.width_px, 120U);
    EXPECT_EQ(find(*answer, 2)->facts.height_px, 300U);
}

PrepareRequest with_master() {
    PrepareRequest request;
    request.verify.check_declared = false;
    for (const std::uint32_t side : {4096U, 2048U, 1024U, 504U})
        add(request, width(side, OutputFormat::kJpeg), true);
    add(request, width(1'600, OutputFormat::kWebp));
    return request;
}

TEST(Prepare, TheMasterIsThePictureItselfOrBounded) {
    struct Case {
        Format format;
        Size picture, master;
    };
    const Case cases[] = {
        {Format::kJpeg, {4'000, 3'000}, {4'000, 3'000}},
        {Format::kJpeg, {4'096, 100}, {4'096, 100}},
        {Format::kJpeg, {8'064, 604}, {4'032, 302}},  // half, as the decoder gives it
        {Format::kJpeg, {4'288, 1'072}, {4'096, 1'024}},
        {Format::kJpeg, {11'648, 728}, {4'096, 256}},
        {Format::kJpeg, {4'096, 4'096}, {4'000, 4'000}},  // 16 megapixels
        {Format::kPng, {4'288, 1'072}, {4'096, 1'024}},
        {Format::kPng, {2'501, 301}, {2'501, 301}},
    };
    for (const auto& [format, picture, master] : cases) {
        for (const std::uint8_t orientation : {std::uint8_t{1}, std::uint8_t{6}}) {
            const bool is_turned = orientation == 6;
            if (is_turned && format != Format::kJpeg) continue;
            auto bytes = test::make_picture(
                format, static_cast<int>(picture.width_px), static_cast<int>(picture.height_px)
            );
            if (is_turned) bytes = test::with_exif(bytes, orientation);
            const auto answer = prepare(bytes, with_master());
            ASSERT_TRUE(answer.has_value() && answer->refusal == Refusal::kNone);
            expect_true_facts(*answer);
            const Product* made = find(*answer, 0);
            ASSERT_NE(made, nullptr) << picture.width_px;
            const auto& facts = made->facts;
            EXPECT_EQ(is_turned ? facts.height_px : facts.width_px, master.width_px);
            EXPECT_EQ(is_turned ? facts.width_px : facts.height_px, master.height_px);
            for (const Product& product : answer->products) {
                const auto red = is_turned ? test::pixel_at(product.bytes, 0.8, 0.2)
                                           : test::pixel_at(product.bytes, 0.2, 0.2);
                EXPECT_NEAR(red.red, 200, 12) << picture.width_px << " " << product.index;
                EXPECT_NEAR(red.green, 20, 12) << picture.width_px << " " << product.index;
            }
            EXPECT_TRUE(std::ranges::is_sorted(answer->products, {}, &Product::index));
        }
    }
}

TEST(Prepare, APictureNearTheNextRenditionHasNoMasterBesideIt) {
    const auto answer = prepare(test::make_picture(Format::kJpeg, 2'100, 900), with_master());
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(find(*answer, 0), nullptr);
    ASSERT_NE(find(*answer, 1), nullptr);
    EXPECT_EQ(find(*answer, 1)->facts.width_px, 2'100U);
}

TEST(Prepare, TheMasterOfAPictureWithAlphaIsAPngOfItsSize) {
    const auto picture = test::make_transparent_png(2'600, 300, 200);
    const auto answer = prepare(picture, with_master());
    ASSERT_TRUE(answer.has_value() && answer->refusal == Refusal::kNone);
    for (const std::uint32_t index : {0U, 1U, 2U, 3U}) {
        const Product* rendition = find(*answer, index);
        ASSERT_NE(rendition, nullptr);
        EXPECT_EQ(rendition->facts.format, Format::kPng);
        EXPECT_TRUE(rendition->facts.has_alpha);
        for (const auto& [x, y] : {std::pair{0.1, 0.1}, {0.4, 0.8}, {0.7, 0.3}, {0.95, 0.9}}) {
            const auto ours = test::pixel_at(rendition->bytes, x, y);
            const auto theirs = test::pixel_at(picture, x, y);
            EXPECT_NEAR(ours.red, theirs.red, 1) << index;
            EXPECT_NEAR(ours.green, theirs.green, 1) << index;
            EXPECT_NEAR(ours.blue, theirs.blue, 1) << index;
        }
    }
    EXPECT_EQ(find(*answer, 0)->facts.width_px, 2'600U);
}

TEST(Pixels, AHalfIsTheMeanOfFourByTheirAlpha) {
    const Pixels grey{{3, 1}, 3, {10, 10, 10, 21, 21, 21, 7, 8, 9}};
    const Pixels half = halved(grey);
    EXPECT_EQ(half.size, (Size{2, 1}));
    EXPECT_EQ(half.samples, (std::vector<std::uint8_t>{16, 16, 16, 7, 8, 9}));
    const Pixels clear{{2, 2}, 4, {200, 0, 0, 255, 0, 100, 0, 0, 200, 0, 0, 255, 9, 9, 9, 0}};
    EXPECT_EQ(halved(clear).samples, (std::vector<std::uint8_t>{200, 0, 0, 128}));
}

TEST(Prepare, TakesTheSmallestPictures) {
    for (const auto& [across, down] : {std::pair{1, 1}, {1, 2}, {2, 1}, {3, 1}, {1, 400}}) {
        const auto answer = prepare(test::make_picture(Format::kJpeg, across, down), usual());
        ASSERT_TRUE(answer.has_value());
        ASSERT_EQ(answer->refusal, Refusal::kNone) << across << "x" << down;
        expect_true_facts(*answer);
        EXPECT_EQ(answer->products.size(), 4U);
    }
}

TEST(Prepare, TurnsEveryProductUpright) {
    const auto picture = test::with_exif(test::make_picture(Format::kJpeg, 900, 600), 6);
    const auto answer = prepare(picture, usual());
    ASSERT_TRUE(answer.has_value() && answer->refusal == Refusal::kNone);
    EXPECT_EQ(answer->facts.width_px, 600U);
    for (const Product& product : answer->products) {
        EXPECT_LT(product.facts.width_px, product.facts.height_px);
        const auto red = test::pixel_at(product.bytes, 0.9, 0.1);
        EXPECT_GT(red.red, 2 * (red.green + red.blue)) << product.index;
    }
}

TEST(Prepare, KeepsTransparencyInRenditions) {
    const auto answer = prepare(test::make_transparent_png(700, 500), usual());
    ASSERT_TRUE(answer.has_value() && answer->refusal == Refusal::kNone);
    EXPECT_TRUE(answer->facts.has_alpha);
    for (const Product& product : answer->products) {
        const bool is_rendition = product.index < 3;
        EXPECT_EQ(product.facts.format, is_rendition ? Format::kPng : Format::kWebp);
        EXPECT_TRUE(product.facts.has_alpha);
    }
}

// What the planes do not do is made from the same decode, and is what it would be from the bytes.
TEST(Prepare, MakesProductsOfEveryKindAsFromTheOriginal) {
    PrepareRequest request;
    request.verify.check_declared = false;
    for (const char* text :
         {"w=200,f=avif", "w=200,f=png", "w=90,h=90,fit=cover,f=png", "w=90,h=120,fit=pad,f=webp",
          "w=200,blur=2,f=jpeg", "w=150,rotate=90,flip=h,f=avif", "crop=20x10x300x200,w=120,f=png",
          "w=120,h=40,fit=cover,gravity=smart,f=jpeg", "trim=10,w=100,f=jpeg",
          "crop=20x10x300x200,grayscale=1,f=webp", "w=120,background=ff00ff,f=jpeg"}) {
        const auto transform = parse_transform(text);
        ASSERT_TRUE(transform.has_value()) << text << ": " << transform.error().message;
        add(request, *transform);
    }
    std::vector<std::string> pictures{
        test::make_transparent_png(640, 480),
        test::with_exif(test::make_picture(Format::kJpeg, 640, 480), 6)
    };
    for (const auto format : {Format::kJpeg, Format::kPng, Format::kHeic, Format::kWebp})
        pictures.push_back(test::make_picture(format, 640, 480));
    for (const auto& picture : pictures) {
        const auto answer = prepare(picture, request);
        ASSERT_TRUE(answer.has_value());
        ASSERT_EQ(answer->refusal, Refusal::kNone) << answer->detail;
        expect_true_facts(*answer);
        ASSERT_EQ(answer->products.size(), request.product_count);
        for (const Product& product : answer->products) {
            TransformRequest alone;
            alone.transform = request.products.at(product.index).transform;
            const auto made = transform_bytes(test::as_bytes(picture), alone);
            ASSERT_EQ(made.refusal, Refusal::kNone);
            EXPECT_EQ(product.facts.format, made.facts.format);
            EXPECT_EQ(product.facts.width_px, made.facts.width_px) << product.index;
            EXPECT_EQ(product.facts.height_px, made.facts.height_px) << product.index;
            for (const auto& [x, y] : {std::pair{0.25, 0.3}, {0.8, 0.2}, {0.3, 0.75}}) {
                const auto ours = test::pixel_at(product.bytes, x, y);
                const auto theirs = test::pixel_at(made.bytes, x, y);
                EXPECT_NEAR(ours.red, theirs.red, 8) << product.index;
                EXPECT_NEAR(ours.green, theirs.green, 8) << product.index;
                EXPECT_NEAR(ours.blue, theirs.blue, 8) << product.index;
            }
        }
    }
}

// Display P3 on a picture of sRGB's numbers.
std::string wide_picture(Format format) {
    EXPECT_TRUE(start_vips().has_value());
    const auto picture = test::make_picture(Format::kPng, 640, 480);
    const auto image =
        vips::VImage::new_from_buffer(picture.data(), picture.size(), "")
            .icc_transform("p3", vips::VImage::option()->set("input_profile", "srgb"));
    VipsBlob* blob = format == Format::kPng ? image.pngsave_buffer() : image.jpegsave_buffer();
    std::size_t bytes = 0;
    const void* data = vips_blob_get(blob, &bytes);
    std::string out(static_cast<const char*>(data), bytes);
    vips_area_unref(VIPS_AREA(blob));
    return out;
}

void expect_as_alone(const Product& product, const std::string& input, TransformRequest alone) {
    const auto made = transform_bytes(test::as_bytes(input), alone);
    ASSERT_EQ(made.refusal, Refusal::kNone) << made.detail;
    EXPECT_EQ(product.facts.width_px, made.facts.width_px);
    const auto profile = [](const std::string& bytes) {
        return vips::VImage::new_from_buffer(bytes.data(), bytes.size(), "")
            .get_typeof(VIPS_META_ICC_NAME);
    };
    EXPECT_EQ(profile(product.bytes), profile(made.bytes)) << product.index;
    for (const auto& [x, y] : {std::pair{0.25, 0.3}, {0.8, 0.2}, {0.3, 0.75}, {0.05, 0.05}}) {
        const auto ours = test::pixel_at(product.bytes, x, y);
        const auto theirs = test::pixel_at(made.bytes, x, y);
        EXPECT_NEAR(ours.red, theirs.red, 8) << product.index;
        EXPECT_NEAR(ours.green, theirs.green, 8) << product.index;
        EXPECT_NEAR(ours.blue, theirs.blue, 8) << product.index;
    }
}

// One name in the store, one meaning: whether it is made at upload or by the edge.
TEST(Prepare, MakesProductsInTheLookOfTheOperator) {
    const auto mark = test::make_picture(Format::kPng, 20, 20);
    for (const auto format : {Format::kJpeg, Format::kPng}) {
        for (const bool is_linear : {false, true}) {
            for (const bool is_wide : {false, true}) {
                PrepareRequest request;
                request.verify.check_declared = false;
                request.linear_light = is_linear;
                request.keep_wide_gamut = is_wide;
                request.mark_bytes = mark.size();
                add(request, width(504, OutputFormat::kJpeg), true);
                for (const char* text :
                     {"w=200,f=webp", "w=200,watermark=top-left:40:100,f=png",
                      "w=200,trim=1,watermark=tile:20:100,f=png",
                      "w=90,h=120,fit=pad,background=ff0000,f=jpeg"})
                    add(request, *parse_transform(text));
                const auto picture = wide_picture(format);
                const auto answer = prepare(picture + mark, request);
                ASSERT_TRUE(answer.has_value()) << answer.error().message;
                ASSERT_EQ(answer->refusal, Refusal::kNone) << answer->detail;
                expect_true_facts(*answer);
                ASSERT_EQ(answer->products.size(), request.product_count);
                for (const Product& product : answer->products) {
                    TransformRequest alone;
                    alone.transform = request.products.at(product.index).transform;
                    alone.linear_light = is_linear;
                    alone.keep_wide_gamut = is_wide;
                    if (alone.transform.watermark.is_on) alone.mark_bytes = mark.size();
                    if (product.index > 0)
                        expect_as_alone(
                            product, alone.mark_bytes > 0 ? picture + mark : picture, alone
                        );
                }
                const auto plain = vips::VImage::new_from_buffer(
                    answer->products[0].bytes.data(), answer->products[0].bytes.size(), ""
                );
                EXPECT_EQ(plain.get_typeof(VIPS_META_ICC_NAME) != 0, is_wide) << "the rendition";
                const auto srgb = prepare(picture, usual())->placeholders;
                EXPECT_NEAR(answer->placeholders.dominant.red, srgb.dominant.red, 4);
                EXPECT_NEAR(answer->placeholders.dominant.blue, srgb.dominant.blue, 4);
            }
        }
    }
}

TEST(Prepare, RefusesWhatVerifyRefuses) {
    const auto picture = test::make_picture(Format::kJpeg, 800, 600);
    const auto cut = prepare(picture.substr(0, picture.size() / 2), usual());
    ASSERT_TRUE(cut.has_value());
    EXPECT_EQ(cut->refusal, Refusal::kBroken);
    EXPECT_TRUE(cut->products.empty());
    auto request = usual();
    request.verify.check_declared = true;
    request.verify.declared = Format::kPng;
    EXPECT_EQ(prepare(picture, request)->refusal, Refusal::kTypeMismatch);
    request = usual();
    request.verify.limits.max_pixels = 1'000;
    EXPECT_EQ(prepare(picture, request)->refusal, Refusal::kTooManyPixels);
    request = usual();
    request.max_output_bytes = 1'000;
    EXPECT_EQ(prepare(picture, request)->refusal, Refusal::kProductsTooLarge);
    EXPECT_EQ(prepare("", usual())->refusal, Refusal::kEmpty);
}

// A damaged picture is refused exactly where the full decode of verify_bytes() refuses it.
void expect_same_verdicts(
    const std::vector<std::string>& pictures, int rounds, int& refused, int& taken
) {
    std::mt19937 random(20'251);
    PrepareRequest request;
    request.verify.check_declared = false;
    add(request, width(60, OutputFormat::kJpeg));
    for (const auto& picture : pictures) {
        for (int round = 0; round < rounds; ++round) {
            auto damaged = picture;
            for (int flips = 0; flips <= round % 5; ++flips)
                damaged[random() % damaged.size()] ^= static_cast<char>(1U << random() % 8);
            if (round % 4 == 0) damaged.resize(random() % damaged.size());
            const auto verdict = verify_bytes(test::as_bytes(damaged), request.verify);
            const auto answer = prepare_bytes(test::as_bytes(damaged), request);
            ASSERT_EQ(answer.refusal, verdict.refusal)
                << round << ": " << answer.detail << " / " << verdict.detail;
            ++(answer.refusal == Refusal::kNone ? taken : refused);
        }
    }
}

TEST(Prepare, JudgesDamageAsVerifyDoes) {
    int refused = 0, taken = 0;
    expect_same_verdicts(
        {test::make_picture(Format::kJpeg, 240, 180), test::make_progressive_jpeg(240, 180)}, 400,
        refused, taken
    );
    EXPECT_GT(refused, 100);
    EXPECT_GT(taken, 100);
}

TEST(Prepare, JudgesDamageOfOtherFormatsAsVerifyDoes) {
    int refused = 0, taken = 0;
    std::vector<std::string> pictures;
    for (const auto format :
         {Format::kPng, Format::kGif, Format::kWebp, Format::kAvif, Format::kHeic, Format::kTiff})
        pictures.push_back(test::make_picture(format, 203, 151));
    pictures.push_back(test::make_transparent_png(203, 151));
    pictures.push_back(test::make_animation(120, 90, 3));
    expect_same_verdicts(pictures, 100, refused, taken);
    EXPECT_GT(refused, 100);
    EXPECT_GT(taken, 20);
}

// So large that an eighth is enough for the product and the placeholders.
TEST(Prepare, JudgesDamageAsVerifyDoesWhereItReadsCoefficientsOfDcAlone) {
    int refused = 0, taken = 0;
    expect_same_verdicts(
        {test::make_picture(Format::kJpeg, 1'024, 64), test::make_progressive_jpeg(1'024, 64)}, 200,
        refused, taken
    );
    EXPECT_GT(refused, 50);
    EXPECT_GT(taken, 50);
}

TEST(Prepare, RefusesSenselessRequests) {
    auto request = usual();
    request.product_count = kMaxProducts + 1;
    EXPECT_FALSE(check_prepare(request).has_value());
    request = usual();
    request.products.at(3).transform.format = OutputFormat::kAuto;
    EXPECT_FALSE(check_prepare(request).has_value());
    EXPECT_TRUE(check_prepare(usual()).has_value());
    request = usual();
    request.products.at(3).transform.watermark.is_on = true;
    EXPECT_FALSE(check_prepare(request).has_value()) << "there is no mark";
    request.mark_bytes = 10;
    EXPECT_TRUE(check_prepare(request).has_value());
}

}  // namespace
}  // namespace pixgate::imaging
