#include "core/thumbhash.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "core/tiny_png.h"

namespace pixgate {
namespace {

std::string bytes_of(std::string_view base64) {
    const auto bytes = base64_decode(base64).value();
    return std::string(as_text(bytes));
}

int channel(const TinyPicture& picture, std::size_t x, std::size_t y, std::size_t c) {
    const std::size_t pixel_bytes = picture.has_alpha ? 4 : 3;
    return static_cast<unsigned char>(picture.pixels[(y * picture.width_px + x) * pixel_bytes + c]);
}

// The example of the format's own page: a sunrise, brighter and warmer below than above.
constexpr std::string_view kSunrise = "1QcSHQRnh493V4dIh4eXh1h4kJUI";

TEST(ThumbHash, TheHashOfThePageIsASmallPictureOfItsColours) {
    const auto picture = decode_thumbhash(bytes_of(kSunrise), 0, 0);
    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(picture->height_px, 32U);
    EXPECT_EQ(picture->width_px, 23U);
    EXPECT_FALSE(picture->has_alpha);
    EXPECT_EQ(picture->pixels.size(), 32U * 23 * 3);
    // Its mean colour, from the first bytes: l = 21/63, p = 31/31.5 - 1, q = 32/31.5 - 1.
    double red = 0;
    double blue = 0;
    for (std::size_t y = 0; y < 32; ++y) {
        for (std::size_t x = 0; x < 23; ++x) {
            red += channel(*picture, x, y, 0);
            blue += channel(*picture, x, y, 2);
        }
    }
    EXPECT_NEAR(red / (32 * 23), 0.336 * 255, 6);
    EXPECT_NEAR(blue / (32 * 23), 0.344 * 255, 6);
}

TEST(ThumbHash, TakesTheProportionsOfThePicture) {
    const auto bytes = bytes_of(kSunrise);
    const auto wide = decode_thumbhash(bytes, 4'000, 1'000).value();
    EXPECT_EQ(wide.width_px, 32U);
    EXPECT_EQ(wide.height_px, 8U);
    const auto thread = decode_thumbhash(bytes, 1, 60'000).value();
    EXPECT_EQ(thread.width_px, 1U);
    EXPECT_EQ(thread.height_px, 32U);
}

TEST(ThumbHash, OneOfOneColourIsThatColour) {
    // l = 63/63, p and q in the middle, no scales: white.
    std::string white{'\x3f', '\x08', '\x02', '\x07', '\0'};
    white += std::string(20, '\0');
    const auto picture = decode_thumbhash(white, 10, 10).value();
    EXPECT_EQ(channel(picture, 0, 0, 0), 255);
    EXPECT_NEAR(channel(picture, 31, 31, 1), 255, 5);
}

TEST(ThumbHash, AnythingElseIsRefusedAndNeverReadBeyondItsEnd) {
    const auto whole = bytes_of(kSunrise);
    for (std::size_t n = 0; n < whole.size() - 1; ++n) {
        EXPECT_EQ(decode_thumbhash(whole.substr(0, n), 1, 1).error().code, Errc::kCorrupt) << n;
    }
    for (int first = 0; first < 256; ++first) {
        const std::string noise(25, static_cast<char>(first));
        const auto picture = decode_thumbhash(noise, 3, 2);
        if (picture) EXPECT_EQ(picture->width_px, 32U);
    }
}

std::uint32_t number_at(std::string_view png, std::size_t at) {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < 4; ++i) out = out << 8 | static_cast<unsigned char>(png[at + i]);
    return out;
}

TEST(TinyPng, HasTheSizeAndIsSmall) {
    const auto picture = decode_thumbhash(bytes_of(kSunrise), 4'000, 3'000).value();
    const auto png = write_png(picture);
    EXPECT_TRUE(png.starts_with("\x89PNG\r\n\x1a\n"));
    EXPECT_EQ(number_at(png, 16), 32U);
    EXPECT_EQ(number_at(png, 20), 24U);
    EXPECT_EQ(png[25], 2);
    EXPECT_LT(png.size(), 1'600U);
    EXPECT_EQ(png.substr(png.size() - 8, 4), "IEND");
}

TEST(TinyPng, KeepsAlpha) {
    const TinyPicture picture{2, 1, true, std::string("\xff\0\0\x80\0\xff\0\xff", 8)};
    const auto png = write_png(picture);
    EXPECT_EQ(png[25], 6);
    EXPECT_EQ(number_at(png, png.size() - 4), 0xae426082U) << "the checksum every PNG ends with";
}

}  // namespace
}  // namespace pixgate
