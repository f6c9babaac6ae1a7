#include "imaging/placeholder.h"

#include <gtest/gtest.h>

#include <string>

namespace pixgate::imaging {
namespace {

SmallPicture pattern(std::uint32_t width_px, std::uint32_t height_px, bool has_alpha) {
    SmallPicture out{width_px, height_px, {}};
    for (std::uint32_t y = 0; y < height_px; ++y) {
        for (std::uint32_t x = 0; x < width_px; ++x) {
            const std::uint64_t w = width_px, h = height_px, across = x, down = y;
            const std::uint64_t green =
                (down * down * down + across * h * h) * 255 / (h * h * h + w * h * h);
            out.rgba.push_back(static_cast<std::uint8_t>(255 - across * across * 255 / (w * w)));
            out.rgba.push_back(static_cast<std::uint8_t>(255 - green));
            out.rgba.push_back(
                static_cast<std::uint8_t>(255 - (across * down * 7 + across * 3) % 256)
            );
            out.rgba.push_back(
                has_alpha ? static_cast<std::uint8_t>((x * 5 + y * 3) % 256) : std::uint8_t{255}
            );
        }
    }
    return out;
}

std::string hex(const Placeholders& placeholders) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < placeholders.thumbhash_bytes; ++i) {
        out += kDigits[placeholders.thumbhash.at(i) >> 4];
        out += kDigits[placeholders.thumbhash.at(i) & 15];
    }
    return out;
}

struct Vector {
    std::uint32_t width_px, height_px;
    bool has_alpha;
    const char* thumbhash;
    const char* blurhash;
};

// What the npm packages thumbhash 0.1.1 and blurhash 2.0.5 make of the same pixels.
constexpr Vector kVectors[] = {
    {100, 75, false, "26190e558a6f788889887887788888876f79f713a8", "L~L|Jv~7bukVk-kUfkfkere=fRf7"},
    {75, 100, false, "27090e450e6f798a88778888788788786f7af614a8", "L~L|lc};kCofl3kUfkfkere=fRf8"},
    {100, 40, true, "e4288a2a84186f778886776f87f712a987055837777777", ""},
    {33, 100, true, "68e9851a08176f7a4798774f7bf3158975774b75023a7c", ""},
    {64, 64, false, "26190e4f0c7f78888a888887878888788888f8a6674f810a",
     "L~L|ZA~7kVoypYkUfkfjere=fQf8"},
};

TEST(Placeholder, AgreesWithTheReferenceImplementations) {
    for (const auto& [width, height, has_alpha, thumbhash, blurhash] : kVectors) {
        const Placeholders made = make_placeholders(pattern(width, height, has_alpha));
        EXPECT_EQ(hex(made), thumbhash) << width << "x" << height;
        if (!has_alpha) {
            EXPECT_STREQ(made.blurhash.data(), blurhash) << width << "x" << height;
        }
    }
}

TEST(Placeholder, FindsTheColourThatMostPixelsHave) {
    SmallPicture picture{4, 1, {}};
    for (const int red : {200, 202, 10, 90})
        picture.rgba.insert(
            picture.rgba.end(),
            {static_cast<std::uint8_t>(red), std::uint8_t{40}, std::uint8_t{60}, std::uint8_t{255}}
        );
    EXPECT_EQ(make_placeholders(picture).dominant, (Rgb{201, 40, 60}));
}

TEST(Placeholder, FitsForEverySizeAndRefusesWrongOnes) {
    for (std::uint32_t width = 1; width <= 100; width += 11) {
        for (std::uint32_t height = 1; height <= 100; height += 9) {
            for (const bool has_alpha : {false, true}) {
                const auto made = make_placeholders(pattern(width, height, has_alpha));
                EXPECT_GE(made.thumbhash_bytes, 5);
                EXPECT_EQ(std::string_view(made.blurhash.data()).size(), 28U);
            }
        }
    }
    EXPECT_EQ(make_placeholders({}).thumbhash_bytes, 0);
    EXPECT_EQ(make_placeholders({2, 2, std::vector<std::uint8_t>(15)}).thumbhash_bytes, 0);
    EXPECT_EQ(make_placeholders(pattern(101, 3, false)).thumbhash_bytes, 0);
    SmallPicture clear{2, 1, std::vector<std::uint8_t>(8)};
    EXPECT_GE(make_placeholders(clear).thumbhash_bytes, 6);
}

}  // namespace
}  // namespace pixgate::imaging
