// One text per meaning: the cases in tests/golden/transforms.json, which the SDK is held to as
// well, and rules that hold for every transform there is.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "base/json_reader.h"
#include "core/transform.h"
#include "core/transform_text.h"
#include "tests/support/source_dir.h"

namespace pixgate {
namespace {

struct GoldenCase {
    std::string text;
    std::optional<std::string> canonical;
    std::optional<std::string> refused;  // the parameter that is named
};

Result<std::vector<GoldenCase>> golden_cases() {
    std::ifstream in(source_dir() + "/tests/golden/transforms.json");
    std::ostringstream text;
    text << in.rdbuf();
    const std::string whole = text.str();
    JsonReader json(whole);
    std::vector<GoldenCase> out;
    CHECK_OK(json.begin_array());
    for (;;) {
        TRY(const bool more, json.next_element());
        if (!more) break;
        auto& one = out.emplace_back();
        CHECK_OK(json.begin_object());
        for (;;) {
            TRY(const auto name, json.next_member());
            if (!name) break;
            if (*name == "text") {
                TRY(one.text, json.string());
            } else if (*name == "canonical") {
                TRY(one.canonical, json.string());
            } else if (*name == "refused") {
                TRY(one.refused, json.string());
            } else {
                CHECK_OK(json.skip());
            }
        }
    }
    CHECK_OK(json.end());
    return out;
}

TEST(TransformGolden, TheSdkHasTheListOfTheServer) {
    std::ifstream in(source_dir() + "/web/sdk/src/image-url.ts");
    std::ostringstream file;
    file << in.rdbuf();
    const std::string whole = file.str();
    const auto from = whole.find('[', whole.find('=', whole.find("const kOpenWidths")));
    ASSERT_NE(from, whole.npos);
    std::string there;
    for (const char c : whole.substr(from + 1, whole.find(']', from) - from - 1))
        if (c != ' ' && c != '\n') there += c;
    std::string here;
    for (const auto px : kListedWidths) here += std::to_string(px) + ",";
    EXPECT_EQ(there, here);
}

TEST(TransformGolden, G100_G101_EveryTextHasItsMeaningOrNone) {
    const auto cases = golden_cases();
    ASSERT_TRUE(cases) << cases.error().message;
    ASSERT_GT(cases->size(), 150U);
    for (const auto& one : *cases) {
        const auto parsed = parse_transform(one.text);
        if (one.refused) {
            ASSERT_FALSE(parsed) << one.text;
            EXPECT_EQ(parsed.error().code, Errc::kInvalidArgument) << one.text;
            EXPECT_EQ(parsed.error().reason, *one.refused) << one.text;
            continue;
        }
        ASSERT_TRUE(parsed) << one.text << ": " << parsed.error().message;
        EXPECT_EQ(canonical(*parsed), one.canonical) << one.text;
    }
}

class Dice {
public:
    template <class T = std::uint32_t>
    T of(std::int64_t min, std::int64_t max) {
        return static_cast<T>(std::uniform_int_distribution<std::int64_t>(min, max)(random_));
    }
    bool coin() { return of(0, 1) == 1; }

private:
    std::mt19937_64 random_{20'251};
};

Transform random_transform(Dice& dice) {
    Transform t;
    t.rotate_degrees = dice.of<std::uint16_t>(0, 3);
    t.rotate_degrees = static_cast<std::uint16_t>(t.rotate_degrees * 90);
    t.flip = dice.of<Flip>(0, 3);
    if (dice.coin()) t.trim_tolerance = dice.of<std::uint8_t>(0, 255);
    if (dice.coin())
        t.crop = {dice.of(0, 65'535), dice.of(0, 65'535), dice.of(0, 65'535), dice.of(0, 65'535)};
    if (dice.coin()) t.width_px = dice.of(0, kMaxOutputSidePx);
    if (dice.coin()) t.height_px = dice.of(0, kMaxOutputSidePx);
    t.fit = dice.of<Fit>(0, 5);
    t.enlarge = dice.coin();
    t.gravity.kind = dice.of<GravityKind>(0, 10);
    if (t.gravity.kind == GravityKind::kPoint || dice.coin()) {
        t.gravity.x_permille = static_cast<std::uint16_t>(dice.of(0, 20) * 50);
        t.gravity.y_permille = static_cast<std::uint16_t>(dice.of(0, 1'000));
    }
    if (dice.coin())
        t.background =
            Rgb{dice.of<std::uint8_t>(0, 255), dice.of<std::uint8_t>(0, 255),
                dice.of<std::uint8_t>(0, 255)};
    if (dice.coin()) t.background = Rgb{};
    if (dice.coin()) t.blur_tenths = dice.of<std::uint16_t>(0, kMaxBlurTenths);
    if (dice.coin()) t.sharpen_tenths = dice.of<std::uint16_t>(0, kMaxSharpenTenths);
    if (dice.coin()) t.brightness_percent = dice.of<std::int8_t>(-100, 100);
    if (dice.coin()) t.contrast_percent = dice.of<std::int8_t>(-100, 100);
    if (dice.coin()) t.saturation_percent = dice.of<std::int8_t>(-100, 100);
    t.grayscale = dice.coin();
    t.watermark.is_on = dice.coin();
    t.watermark.position = dice.of<GravityKind>(0, 8);
    t.watermark.scale_percent = dice.of<std::uint8_t>(1, 100);
    if (dice.coin()) t.watermark.opacity_percent = dice.of<std::uint8_t>(1, 100);
    t.watermark.is_tiled = dice.coin();
    t.animate = dice.coin();
    if (dice.coin()) t.quality = dice.of<std::uint8_t>(0, 100);
    if (dice.coin()) t.quality = dice.coin() ? 80 : 60;
    t.format = dice.of<OutputFormat>(0, 5);
    t.metadata = dice.of<KeepMetadata>(0, 1);
    return t;
}

TEST(TransformProperties, TheCanonicalTextReadsBackAsTheNormalisedTransform) {
    Dice dice;
    for (int i = 0; i < 50'000; ++i) {
        const Transform t = random_transform(dice);
        const std::string text = canonical(t);
        const auto again = parse_transform(text);
        ASSERT_TRUE(again) << text << ": " << again.error().message;
        ASSERT_EQ(*again, normalised(t)) << text;
        ASSERT_EQ(canonical(*again), text);
        ASSERT_EQ(normalised(*again), *again) << text;
        ASSERT_EQ(is_listed(t), is_listed(*again)) << text;
    }
}

TEST(TransformProperties, TheOrderOfTheParametersSaysNothing) {
    Dice dice;
    std::mt19937 random(7);
    for (int i = 0; i < 2'000; ++i) {
        const std::string text = canonical(random_transform(dice));
        std::vector<std::string> parts;
        std::istringstream in(text);
        for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
        std::ranges::shuffle(parts, random);
        std::string shuffled;
        for (const auto& part : parts) shuffled += (shuffled.empty() ? "" : ",") + part;
        ASSERT_EQ(canonical(parse_transform(shuffled).value()), text) << shuffled;
        parts.push_back(parts.front());
        ASSERT_FALSE(parse_transform(shuffled + "," + parts.front())) << shuffled;
    }
}

// What a turn and a mirror do to a picture, told by where two corners go.
std::pair<int, int> laid(const Transform& t, int x, int y) {
    for (int turned = 0; turned < t.rotate_degrees; turned += 90) {
        const int was_x = x;
        x = 1 - y;
        y = was_x;
    }
    if (t.flip == Flip::kHorizontal || t.flip == Flip::kBoth) x = 1 - x;
    if (t.flip == Flip::kVertical || t.flip == Flip::kBoth) y = 1 - y;
    return {x, y};
}

TEST(TransformProperties, TurnsAndMirrorsKeepTheirMeaningAndHaveEightTexts) {
    std::map<std::string, int> texts;
    for (std::uint16_t degrees = 0; degrees < 360; degrees += 90) {
        for (const Flip flip : {Flip::kNone, Flip::kHorizontal, Flip::kVertical, Flip::kBoth}) {
            const Transform t{.rotate_degrees = degrees, .flip = flip};
            const Transform n = normalised(t);
            EXPECT_EQ(laid(t, 0, 0), laid(n, 0, 0)) << canonical(t);
            EXPECT_EQ(laid(t, 1, 0), laid(n, 1, 0)) << canonical(t);
            ++texts[canonical(t)];
        }
    }
    EXPECT_EQ(texts.size(), 8U);
    for (const auto& [text, count] : texts) EXPECT_EQ(count, 2) << text;
}

TEST(TransformListed, OnlySizesFitsGravitiesAndFormatsAreOpen) {
    for (const char* text :
         {"w=320", "w=320,h=640,fit=cover,gravity=top", "w=320,h=320,fit=cover,gravity=smart",
          "w=160,dpr=2", "w=320,f=avif", "w=320,q=80", "w=320,h=320,fit=pad,enlarge=1",
          "w=320,flip=hv,rotate=180"}) {
        EXPECT_TRUE(is_listed(parse_transform(text).value())) << text;
    }
    for (const char* text :
         {"w=320,blur=1", "w=320,sharpen=1", "w=320,crop=0x0x1x1", "w=320,rotate=90",
          "w=320,flip=h", "w=320,trim=1", "w=320,background=000", "w=320,brightness=1.1",
          "w=320,contrast=1.1", "w=320,saturation=0", "w=320,grayscale=1", "w=320,watermark=top",
          "w=320,anim=1", "w=320,metadata=copyright", "w=320,h=320,fit=cover,gravity=0.1x0.1",
          "w=320,q=81", "w=100,dpr=1.01", "f=png"}) {
        EXPECT_FALSE(is_listed(parse_transform(text).value())) << text;
    }
    EXPECT_EQ(listed_width_for(0), 0U);
    EXPECT_EQ(listed_width_for(1), 16U);
    EXPECT_EQ(listed_width_for(320), 320U);
    EXPECT_EQ(listed_width_for(321), 384U);
    EXPECT_EQ(listed_width_for(2'048), 2'048U);
    EXPECT_FALSE(listed_width_for(2'049));
}

}  // namespace
}  // namespace pixgate
