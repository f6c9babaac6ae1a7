#include "core/presets.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

TEST(Presets, TheBuiltInOnesAreThereAndNormalised) {
    const Presets all;
    EXPECT_EQ(all.all().size(), presets().size());
    for (const auto& preset : presets()) {
        EXPECT_EQ(normalised(preset.transform), preset.transform) << preset.name;
        EXPECT_EQ(all.find(preset.name), preset.transform);
    }
    EXPECT_FALSE(all.find("w641"));
}

TEST(Presets, AnOperatorAddsAndReplaces) {
    Presets all;
    ASSERT_TRUE(all.set("hero", "w=1500,h=500,fit=cover,sharpen=1"));
    ASSERT_TRUE(all.set("thumb", "w=200"));
    EXPECT_EQ(canonical(*all.find("hero")), "w=1500,h=500,fit=crop,sharpen=1,f=auto");
    EXPECT_EQ(canonical(*all.find("thumb")), "w=200,f=auto");
    EXPECT_TRUE(all.has(parse_transform("sharpen=1,h=500,w=1500,fit=crop").value()));
    EXPECT_FALSE(all.has(parse_transform("w=1500").value()));
}

TEST(Presets, BadNamesAndBadTransformsAreRefused) {
    Presets all;
    for (const char* name :
         {"", "1", "-a", "A", "a=b", "a,b", "a/b", "a.b", "w=1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         }) {
        const auto set = all.set(name, "w=1");
        ASSERT_FALSE(set) << name;
        EXPECT_EQ(set.error().reason, "name");
    }
    for (const char* text : {"", "w=0", "thumb", "w=1,w=1"})
        EXPECT_FALSE(all.set("a", text)) << text;
}

}  // namespace
}  // namespace pixgate
