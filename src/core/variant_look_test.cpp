#include "core/variant_look.h"

#include <gtest/gtest.h>

#include <set>

namespace pixgate {
namespace {

constexpr Transform kPlain{.width_px = 640, .format = OutputFormat::kWebp};
constexpr Transform kMarked{
    .width_px = 640, .watermark = {.is_on = true}, .format = OutputFormat::kWebp
};

VariantLook marked_with(std::string sha256) {
    VariantLook look;
    look.mark_sha256 = std::move(sha256);
    return look;
}

TEST(VariantLook, TheDefaultIsNotNamed) {
    EXPECT_EQ(name_of(kPlain, {}), "w=640,f=webp");
    EXPECT_EQ(name_of(kPlain, marked_with("aa")), "w=640,f=webp") << "the mark is not laid on";
    EXPECT_EQ(look_suffix({}), "");
    EXPECT_EQ(look_suffix(marked_with("aa")), "");
}

TEST(VariantLook, WhatChangesThePictureChangesItsName) {
    std::set<std::string> names{
        name_of(kMarked, {}),
        name_of(kMarked, marked_with("aa")),
        name_of(kMarked, marked_with("ab")),
        name_of(kMarked, {.linear_light = true}),
        name_of(kMarked, {.keep_wide_gamut = true}),
        name_of(kMarked, {.linear_light = true, .keep_wide_gamut = true})
    };
    EXPECT_EQ(names.size(), 6U);
    for (const auto& name : names) EXPECT_TRUE(name.starts_with(canonical(kMarked))) << name;
    const VariantLook wide{.keep_wide_gamut = true};
    EXPECT_EQ(name_of(kPlain, wide), canonical(kPlain) + look_suffix(wide));
    EXPECT_EQ(look_suffix(wide).size(), std::string(",look=0123456789ab").size());
}

}  // namespace
}  // namespace pixgate
