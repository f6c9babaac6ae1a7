#include "core/transform.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

TEST(Transform, AllParametersAreRead) {
    const auto t = parse_transform("w=320,h=240,fit=cover,q=55,f=webp");
    ASSERT_TRUE(t);
    const Transform wanted{
        .width_px = 320,
        .height_px = 240,
        .fit = Fit::kCrop,
        .quality = 55,
        .format = OutputFormat::kWebp
    };
    EXPECT_EQ(*t, wanted);
}

TEST(Transform, DefaultsHold) {
    const Transform wanted{.width_px = 320};
    EXPECT_EQ(parse_transform("w=320").value(), wanted);
    EXPECT_EQ(parse_transform("w=320,fit=scale-down,f=auto").value(), wanted);
    EXPECT_EQ(parse_transform("w=4096").value().width_px, kMaxOutputSidePx);
}

TEST(Transform, WhatIsNotExactlyRightIsRefusedByName) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", ""},
        {"w", "w"},
        {"w=", "w"},
        {"=1", ""},
        {"w=0", "w"},
        {"w=-1", "w"},
        {"w=+1", "w"},
        {"w=01", "w"},
        {"w=1e3", "w"},
        {"w=1.5", "w"},
        {"w= 1", "w"},
        {"w=4097", "w"},
        {"w=99999999999999999999", "w"},
        {"h=4097", "h"},
        {"q=101", "q"},
        {"q=0", "q"},
        {"fit=fill", "fit"},
        {"fit=Cover", "fit"},
        {"f=svg", "f"},
        {"w=1,w=2", "w"},
        {"w=1,w=1", "w"},
        {"w=1,", ""},
        {",w=1", ""},
        {"w=1,,h=1", ""},
        {"W=1", "W"},
        {"fit=cover,w=10", "fit"},
        {"fit=pad,h=10", "fit"},
        {std::string(5'000, 'x') + "=1", std::string(16, 'x')},
    };
    for (const auto& [text, name] : cases) {
        const auto t = parse_transform(text);
        ASSERT_FALSE(t) << text.substr(0, 60);
        EXPECT_EQ(t.error().code, Errc::kInvalidArgument);
        EXPECT_EQ(t.error().reason, name) << text.substr(0, 60);
    }
}

TEST(Transform, OneMeaningHasOneText) {
    EXPECT_EQ(
        canonical(parse_transform("f=webp,fit=cover,h=2,w=1").value()), "w=1,h=2,fit=crop,f=webp"
    );
    EXPECT_EQ(canonical(parse_transform("w=320,fit=scale-down").value()), "w=320,f=auto");
    EXPECT_EQ(canonical(Transform{}), "f=auto");
    EXPECT_EQ(canonical(parse_transform("q=1,f=png").value()), "f=png");
    for (const auto& preset : presets()) {
        const auto again = parse_transform(canonical(preset.transform));
        ASSERT_TRUE(again) << preset.name;
        EXPECT_EQ(*again, preset.transform) << preset.name;
    }
}

TEST(Transform, PresetsAreFoundByNameAndNeedNoSignature) {
    EXPECT_EQ(find_preset("thumb")->width_px, 256U);
    EXPECT_EQ(find_preset("thumb")->fit, Fit::kCrop);
    EXPECT_EQ(find_preset("w640")->width_px, 640U);
    EXPECT_FALSE(find_preset("w641"));
    EXPECT_FALSE(find_preset(""));
    for (const char* name :
         {"w320", "w640", "w960", "w1280", "w1600", "w2048", "thumb", "avatar"}) {
        ASSERT_TRUE(find_preset(name)) << name;
        EXPECT_TRUE(is_listed(*find_preset(name))) << name;
    }
}

TEST(Transform, OnlyListedSizesAreOpen) {
    for (const char* text : {"w=320", "h=320", "w=16,h=2048,fit=cover", "w=320,f=webp"}) {
        EXPECT_TRUE(is_listed(parse_transform(text).value())) << text;
    }
    for (const char* text : {"w=321", "w=320,h=321", "w=320,q=79", "f=webp", "w=4096"}) {
        EXPECT_FALSE(is_listed(parse_transform(text).value())) << text;
    }
}

TEST(Negotiation, WebpIsForThoseWhoNameIt) {
    for (const char* accept :
         {"image/webp", "text/html, image/webp;q=0.5", "IMAGE/WEBP", " image/webp ",
          "image/avif,image/webp,image/apng,*/*;q=0.8", "image/webp;q=0.001"}) {
        EXPECT_EQ(negotiate(accept, false), OutputFormat::kWebp) << accept;
    }
    for (const char* accept :
         {"", "*/*", "image/*", "image/webp;q=0", "image/webp;q=0.000", "image/webpx",
          "xximage/webp", "image/png"}) {
        EXPECT_EQ(negotiate(accept, false), OutputFormat::kJpeg) << accept;
        EXPECT_EQ(negotiate(accept, true), OutputFormat::kPng) << accept;
    }
}

TEST(Negotiation, FormatsHaveTheirTypes) {
    EXPECT_EQ(content_type_of(OutputFormat::kJpeg), "image/jpeg");
    EXPECT_EQ(content_type_of(OutputFormat::kPng), "image/png");
    EXPECT_EQ(content_type_of(OutputFormat::kWebp), "image/webp");
}

}  // namespace
}  // namespace pixgate
