#include "core/openness.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

std::string answer(const char* text, SignedFor by, const Openness& rules) {
    Presets presets;
    EXPECT_TRUE(presets.set("hero", "w=1500,sharpen=1"));
    const auto t = opened(parse_transform(text).value(), by, presets, rules);
    if (!t) return t.error().reason;
    return canonical(*t);
}

constexpr const char* kNo = "size_not_listed";

TEST(Openness, G99_UnsignedAreListedSizesAndPresets) {
    EXPECT_EQ(answer("w=320", SignedFor::kNothing, {}), "w=320,f=auto");
    EXPECT_EQ(answer("sharpen=1,w=1500", SignedFor::kNothing, {}), "w=1500,sharpen=1,f=auto");
    EXPECT_EQ(answer("w=301", SignedFor::kNothing, {}), kNo);
    EXPECT_EQ(answer("w=320,sharpen=1", SignedFor::kNothing, {}), kNo);
    EXPECT_EQ(answer("w=301", SignedFor::kListed, {}), kNo);
    for (const auto by : {SignedFor::kUrl, SignedFor::kImage}) {
        EXPECT_EQ(answer("w=301,blur=2", by, {}), "w=301,blur=2,f=auto");
    }
}

TEST(Openness, PresetsOnlyClosesTheList) {
    const Openness rules{.presets_only = true, .snap_widths = true};
    EXPECT_EQ(answer("w=320", SignedFor::kNothing, rules), "w=320,f=auto");  // means the preset
    EXPECT_EQ(answer("w=384", SignedFor::kNothing, rules), kNo);
    EXPECT_EQ(answer("w=384", SignedFor::kListed, rules), kNo);
    EXPECT_EQ(answer("w=301", SignedFor::kUrl, rules), "w=301,f=auto");
}

TEST(Openness, SnappingRaisesToTheListAndOnlySizes) {
    const Openness rules{.snap_widths = true};
    EXPECT_EQ(answer("w=301", SignedFor::kNothing, rules), "w=320,f=auto");
    EXPECT_EQ(
        answer("w=321,h=1,fit=cover,f=webp", SignedFor::kNothing, rules),
        "w=384,h=16,fit=crop,f=webp"
    );
    EXPECT_EQ(answer("w=2049", SignedFor::kNothing, rules), kNo);
    EXPECT_EQ(answer("w=301,q=81", SignedFor::kNothing, rules), kNo);
    EXPECT_EQ(answer("w=301,blur=1", SignedFor::kNothing, rules), kNo);
    EXPECT_EQ(answer("w=301", SignedFor::kUrl, rules), "w=301,f=auto");
}

TEST(Openness, WithoutArbitrarySizesASignatureOpensNoSize) {
    const Openness rules{.arbitrary_sizes = false};
    EXPECT_EQ(answer("w=301", SignedFor::kUrl, rules), kNo);
    EXPECT_EQ(answer("w=320", SignedFor::kUrl, rules), "w=320,f=auto");
    EXPECT_EQ(answer("w=1500,sharpen=1", SignedFor::kUrl, rules), "w=1500,sharpen=1,f=auto");
}

TEST(Openness, AnEdgeForFriendsMakesEverything) {
    const Openness rules{.unsigned_transforms = true};
    EXPECT_EQ(answer("w=301,blur=9", SignedFor::kNothing, rules), "w=301,blur=9,f=auto");
}

TEST(Openness, G100_AWatermarkIsRefusedByNameWhereThereIsNone) {
    const Transform marked{.width_px = 320, .watermark = {.is_on = true}};
    for (const bool is_free : {true, false}) {
        const Openness none{.unsigned_transforms = is_free, .has_watermark = false};
        const auto refused = opened(marked, SignedFor::kUrl, Presets(), none);
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code, Errc::kInvalidArgument);
        EXPECT_EQ(refused.error().reason, "watermark");
        EXPECT_TRUE(opened({.width_px = 320}, SignedFor::kUrl, Presets(), none).has_value());
    }
    EXPECT_TRUE(opened(marked, SignedFor::kUrl, Presets(), {}).has_value());
}

}  // namespace
}  // namespace pixgate
