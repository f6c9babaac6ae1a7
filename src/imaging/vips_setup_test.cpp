#include "imaging/vips_setup.h"

#include <gtest/gtest.h>
#include <vips/vips8>

#include <set>

namespace pixgate::imaging {
namespace {

void collect(GType type, std::set<std::string>& open, int& seen) {
    guint count = 0;
    GType* children = g_type_children(type, &count);
    for (guint i = 0; i < count; ++i) collect(children[i], open, seen);
    g_free(children);
    if (G_TYPE_IS_ABSTRACT(type)) return;
    ++seen;
    const auto* operation = VIPS_OPERATION_CLASS(g_type_class_ref(type));
    if ((operation->flags & VIPS_OPERATION_BLOCKED) == 0) open.insert(g_type_name(type));
}

std::set<std::string> open_loaders(int& seen) {
    std::set<std::string> open;
    collect(g_type_from_name("VipsForeignLoad"), open, seen);
    return open;
}

// Attack 82: whatever decoders the machine's libvips has, only ours can be reached.
TEST(VipsSetup, F82_BlocksEveryLoaderButOurs) {
    ASSERT_TRUE(start_vips().has_value());
    int seen = 0;
    const auto open = open_loaders(seen);
    EXPECT_GT(seen, 30);
    EXPECT_GE(open.size(), 15U);
    for (const auto& name : open) {
        const bool is_ours =
            name.starts_with("VipsForeignLoadJpeg") || name.starts_with("VipsForeignLoadPng") ||
            name.starts_with("VipsForeignLoadNsgif") || name.starts_with("VipsForeignLoadWebp") ||
            name.starts_with("VipsForeignLoadHeif") || name.starts_with("VipsForeignLoadTiff");
        EXPECT_TRUE(is_ours) << name;
    }
}

TEST(VipsSetup, OpensTheSvgLoaderOnlyForAMoment) {
    ASSERT_TRUE(start_vips().has_value());
    int seen = 0;
    const auto before = open_loaders(seen);
    {
        const SvgLoaderAllowed allowed;
        auto during = open_loaders(seen);
        for (const auto& name : before) during.erase(name);
        for (const auto& name : during) EXPECT_TRUE(name.starts_with("VipsForeignLoadSvg")) << name;
    }
    EXPECT_EQ(open_loaders(seen), before);
}

}  // namespace
}  // namespace pixgate::imaging
