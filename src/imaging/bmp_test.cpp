#include "imaging/bmp.h"

#include <gtest/gtest.h>

#include "imaging/transform.h"
#include "imaging/verify.h"
#include "imaging/vips_setup.h"
#include "tests/support/bytes.h"
#include "tests/support/pictures.h"

namespace pixgate::imaging {
namespace {

using test::as_bytes;
using test::ByteBuilder;

struct Shape {
    std::uint32_t width = 2, height = 2, bits = 24, compression = 0, colours = 0;
};

// Both headers; what follows is `rest`, of which `before_pixels` bytes are masks or palette.
std::string bmp(const Shape& shape, const std::string& rest, std::uint32_t before_pixels = 0) {
    ByteBuilder out(Endian::kLittle);
    out.text("BM").u32(54 + rest.size()).u32(0).u32(54 + before_pixels);
    out.u32(40).u32(shape.width).u32(shape.height).u16(1).u16(shape.bits);
    out.u32(shape.compression).u32(0).u32(2835).u32(2835).u32(shape.colours).u32(0);
    return out.str() + rest;
}

std::vector<int> pixel(const BmpPicture& picture, std::uint32_t x, std::uint32_t y) {
    const std::size_t at = (std::size_t{y} * picture.width_px + x) * picture.bands;
    return {
        picture.pixels.begin() + static_cast<std::ptrdiff_t>(at),
        picture.pixels.begin() + static_cast<std::ptrdiff_t>(at + picture.bands)
    };
}

const std::string rows_of_24 = ByteBuilder(Endian::kLittle)
                                   .u24(0x0000FF)
                                   .u24(0x00FF00)
                                   .u16(0)  // bottom: blue, green
                                   .u24(0xFF0000)
                                   .u24(0xFFFFFF)
                                   .u16(0)  // top: red, white
                                   .str();

TEST(Bmp, Reads24BitsFromTheBottom) {
    const auto picture = decode_bmp(as_bytes(bmp({}, rows_of_24)));
    ASSERT_TRUE(picture.has_value());
    EXPECT_EQ(pixel(*picture, 0, 0), (std::vector{255, 0, 0}));
    EXPECT_EQ(pixel(*picture, 1, 0), (std::vector{255, 255, 255}));
    EXPECT_EQ(pixel(*picture, 0, 1), (std::vector{0, 0, 255}));
    EXPECT_EQ(pixel(*picture, 1, 1), (std::vector{0, 255, 0}));
}

TEST(Bmp, ReadsFromTheTopWhereTheHeightIsNegative) {
    const auto picture =
        decode_bmp(as_bytes(bmp({.height = static_cast<std::uint32_t>(-2)}, rows_of_24)));
    ASSERT_TRUE(picture.has_value());
    EXPECT_EQ(pixel(*picture, 0, 0), (std::vector{0, 0, 255}));
}

TEST(Bmp, ReadsPalettesOf1And4And8Bits) {
    const std::string palette = ByteBuilder(Endian::kLittle).u32(0x112233).u32(0xAABBCC).str();
    for (const std::uint32_t bits : {1U, 4U, 8U}) {
        const std::uint32_t row = bits == 1 ? 0x40 : bits == 4 ? 0x01 : 0x0100;
        const std::string pixels = ByteBuilder(Endian::kLittle).u32(row).str();
        const auto picture =
            decode_bmp(as_bytes(bmp({.height = 1, .bits = bits, .colours = 2}, palette + pixels, 8))
            );
        ASSERT_TRUE(picture.has_value()) << bits;
        EXPECT_EQ(pixel(*picture, 0, 0), (std::vector{0x11, 0x22, 0x33})) << bits;
        EXPECT_EQ(pixel(*picture, 1, 0), (std::vector{0xAA, 0xBB, 0xCC})) << bits;
    }
}

TEST(Bmp, Reads16And32BitsAndBitFields) {
    const auto five = decode_bmp(
        as_bytes(bmp({.width = 1, .height = 1, .bits = 16}, std::string("\x1F\x7C\0\0", 4)))
    );
    ASSERT_TRUE(five.has_value());
    EXPECT_EQ(pixel(*five, 0, 0), (std::vector{255, 0, 255}));
    const auto plain =
        decode_bmp(as_bytes(bmp({.width = 1, .height = 1, .bits = 32}, std::string("\1\2\3\0", 4)))
        );
    ASSERT_TRUE(plain.has_value());
    EXPECT_EQ(pixel(*plain, 0, 0), (std::vector{3, 2, 1}));
    const std::string fields = ByteBuilder(Endian::kLittle)
                                   .u32(0xFF)
                                   .u32(0xFF00)
                                   .u32(0xFF0000)
                                   .u32(0xFF000000)
                                   .u32(0x80030201)
                                   .str();
    const auto alpha =
        decode_bmp(as_bytes(bmp({.width = 1, .height = 1, .bits = 32, .compression = 6}, fields, 16)
        ));
    ASSERT_TRUE(alpha.has_value());
    EXPECT_EQ(pixel(*alpha, 0, 0), (std::vector{1, 2, 3, 128}));
}

TEST(Bmp, ReadsRuns) {
    const std::string palette = ByteBuilder(Endian::kLittle).u32(0).u32(0xFF).str();
    const auto picture_of = [&](std::string_view runs) {
        return decode_bmp(as_bytes(bmp(
            {.width = 4, .bits = 8, .compression = 1, .colours = 2}, palette + std::string(runs), 8
        )));
    };
    using namespace std::string_view_literals;
    const auto good = picture_of("\4\1\0\0\0\3\1\0\1\0\1\0\0\1"sv);
    ASSERT_TRUE(good.has_value());
    EXPECT_EQ(pixel(*good, 3, 1), (std::vector{0, 0, 255}));
    EXPECT_EQ(pixel(*good, 1, 0), (std::vector{0, 0, 0}));
    EXPECT_EQ(pixel(*good, 2, 0), (std::vector{0, 0, 255}));
    EXPECT_FALSE(picture_of("\5\1\0\1"sv).has_value());            // over the edge
    EXPECT_FALSE(picture_of("\0\2\0\x7F\4\1\0\1"sv).has_value());  // below the picture
    EXPECT_FALSE(picture_of("\4\2\0\1"sv).has_value());            // no such colour
    EXPECT_FALSE(picture_of("\4\1"sv).has_value());                // no end
}

TEST(Bmp, RefusesWhatDoesNotFit) {
    const auto broken = [](const Shape& shape, const std::string& rest, std::uint32_t before = 0) {
        return !decode_bmp(as_bytes(bmp(shape, rest, before))).has_value();
    };
    EXPECT_TRUE(broken({.width = 0}, rows_of_24));
    EXPECT_TRUE(broken({.width = 0x80000000}, rows_of_24));
    EXPECT_TRUE(broken({.height = 0x80000000}, rows_of_24));
    EXPECT_TRUE(broken({.width = 60'000, .height = 60'000}, rows_of_24));
    EXPECT_TRUE(broken({.bits = 2}, rows_of_24));
    EXPECT_TRUE(broken({.compression = 4}, rows_of_24));  // a JPEG inside
    EXPECT_TRUE(broken({.bits = 8, .colours = 257}, std::string(2'000, '\0'), 1'028));
    const std::string overlapping =
        ByteBuilder(Endian::kLittle).u32(7).u32(3).u32(8).zeros(16).str();
    EXPECT_TRUE(broken({.bits = 16, .compression = 3}, overlapping, 12));
    const std::string whole = bmp({}, rows_of_24);
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
        EXPECT_FALSE(decode_bmp(as_bytes(whole.substr(0, bytes))).has_value()) << bytes;
}

TEST(Bmp, IsReadOnlyWhereItIsAllowed) {
    ASSERT_TRUE(start_vips().has_value());
    const std::string picture = bmp({}, rows_of_24);
    VerifyRequest request;
    request.declared = Format::kBmp;
    EXPECT_EQ(verify_bytes(as_bytes(picture), request).refusal, Refusal::kTypeNotAllowed);
    request.allowed.add(Format::kBmp);
    EXPECT_EQ(verify_bytes(as_bytes(picture), request).refusal, Refusal::kNone);
    TransformRequest transform;
    transform.transform.format = OutputFormat::kPng;
    transform.allowed.add(Format::kBmp);
    const auto answer = transform_bytes(as_bytes(picture), transform);
    ASSERT_EQ(answer.refusal, Refusal::kNone) << answer.detail;
    EXPECT_EQ(test::pixel_at(answer.bytes, 0, 0).red, 255);
    EXPECT_EQ(test::pixel_at(answer.bytes, 0, 1).blue, 255);
}

}  // namespace
}  // namespace pixgate::imaging
