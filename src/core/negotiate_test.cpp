#include <gtest/gtest.h>

#include "core/transform.h"

namespace pixgate {
namespace {

constexpr const char* kChrome = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
constexpr const char* kFirefox =
    "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";
constexpr const char* kSafari =
    "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,"
    "image/svg+xml,image/*;q=0.8,*/*;q=0.5";
constexpr const char* kOldSafari =
    "image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5";

TEST(Negotiation, BrowsersGetTheBestThatIsOn) {
    constexpr AutoFormats kBoth{.webp = true, .avif = true};
    for (const char* accept : {kChrome, kFirefox, kSafari}) {
        EXPECT_EQ(negotiate(accept, false), OutputFormat::kWebp) << accept;
        EXPECT_EQ(negotiate(accept, true, kBoth), OutputFormat::kAvif) << accept;
        EXPECT_EQ(negotiate(accept, false, {.webp = false}), OutputFormat::kJpeg) << accept;
    }
    EXPECT_EQ(negotiate(kOldSafari, false, kBoth), OutputFormat::kWebp);
    EXPECT_EQ(negotiate("image/avif;q=0,image/webp", false, kBoth), OutputFormat::kWebp);
    EXPECT_EQ(negotiate("image/avif;q=0, image/webp;q=0.0", true, kBoth), OutputFormat::kPng);
}

TEST(Negotiation, AWeightOfNothingRefusesHoweverItIsWritten) {
    constexpr AutoFormats kBoth{.webp = true, .avif = true};
    for (const char* refused :
         {"image/webp;q=0", "image/webp;Q=0", "image/webp ; Q=0.000", "image/webp;v=1;q=0",
          "image/webp;q=0;v=1", "IMAGE/WEBP;Q=0.0"}) {
        EXPECT_EQ(negotiate(refused, false, kBoth), OutputFormat::kJpeg) << refused;
    }
    for (const char* taken :
         {"image/webp;q=0.001", "image/webp;Q=1", "image/webp;seq=0", "image/webp;v=\"q=0\"",
          "image/webp;q=0,image/webp"}) {
        EXPECT_EQ(negotiate(taken, false, kBoth), OutputFormat::kWebp) << taken;
    }
    // Ours is the order, not the browser's.
    EXPECT_EQ(negotiate("image/webp;q=1,image/avif;q=0.1", false, kBoth), OutputFormat::kAvif);
}

TEST(Negotiation, WildcardsProveNothing) {
    constexpr AutoFormats kBoth{.webp = true, .avif = true};
    for (const char* accept : {"", "*/*", "image/*", "image/*;q=1,*/*;q=0.1", "image/avifs"}) {
        EXPECT_EQ(negotiate(accept, false, kBoth), OutputFormat::kJpeg) << accept;
        EXPECT_EQ(negotiate(accept, true, kBoth), OutputFormat::kPng) << accept;
    }
}

TEST(Negotiation, WhatMovesIsWebpOrGif) {
    constexpr AutoFormats kBoth{.webp = true, .avif = true};
    EXPECT_EQ(negotiate(kChrome, false, kBoth, true), OutputFormat::kWebp);
    EXPECT_EQ(negotiate("*/*", false, kBoth, true), OutputFormat::kGif);
}

TEST(Negotiation, TheFormatThatIsChosenSettlesTheRest) {
    const auto open = parse_transform("w=320,q=90,anim=1").value();
    EXPECT_EQ(canonical(in_format(open, OutputFormat::kJpeg)), "w=320,q=90,f=jpeg");
    EXPECT_EQ(canonical(in_format(open, OutputFormat::kWebp)), "w=320,anim=1,q=90,f=webp");
    EXPECT_EQ(canonical(in_format(open, OutputFormat::kAvif)), "w=320,q=68,f=avif");
    EXPECT_EQ(canonical(in_format(open, OutputFormat::kPng)), "w=320,f=png");
    const auto fixed = parse_transform("w=320,q=90,f=avif").value();
    EXPECT_EQ(canonical(in_format(fixed, OutputFormat::kAvif)), "w=320,q=90,f=avif");
}

}  // namespace
}  // namespace pixgate
