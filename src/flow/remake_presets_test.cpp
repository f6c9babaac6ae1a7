#include "flow/remake_presets.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/bucket.h"
#include "tests/support/flow_world.h"

namespace pixgate {
namespace {

using test::FlowWorld;
using Texts = std::vector<std::string>;

// The header of a GIF-sized nothing would not do: what is made is read again.
const std::string webp_form(
    "RIFF\x1e\0\0\0WEBPVP8L\x11\0\0\0\x2f\x3f\xc1\x3b\0\x07\x10\xfd\x8f\xfe\x07\x22\xa2\xff\x01\0\0"
    "\0",
    38
);

struct Bench {
    explicit Bench(FlowWorld& w) : world(w) {}

    ImageId ready() { return world.ready(); }
    Result<RemakePresets::Report> run(const ImageId& id, RemakePresets::Request request = {}) {
        return run_task(remake.run(id, std::move(request)));
    }
    Texts presets_of_image(const ImageId& id) {
        Texts out;
        for (const auto& variant : world.image(id).variants) {
            if (variant.kind == VariantKind::kPreset) out.push_back(variant.name);
        }
        return out;
    }

    FlowWorld& world;
    Texts made;  // from renditions
    std::vector<int> efforts;
    std::string bytes = webp_form;
    std::uint64_t forgotten = 0;
    RemakePresets remake{
        *world.adapters.catalog,
        *world.adapters.store,
        world.preparer,
        [this](
            std::shared_ptr<const Image>, imaging::ProductSpec spec
        ) -> Task<Result<std::string>> {
            made.push_back(canonical(spec.transform));
            efforts.push_back(spec.effort);
            co_return bytes;
        },
        world.pool,
        world.policies,
        world.clock,
        [this](const ImageId&) { ++forgotten; }
    };
};

TEST(RemakePresets, AnImageWithAllItsPresetsNeedsNothing) {
    FlowWorld world;
    Bench bench(world);
    const auto id = bench.ready();
    const auto report = bench.run(id);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->missing.empty());
    EXPECT_TRUE(report->made.empty());
    EXPECT_TRUE(bench.made.empty());
}

TEST(RemakePresets, WhatAPolicyGainedIsMadeFromARendition) {
    FlowWorld world;
    Bench bench(world);
    world.policies["default"].presets = {"thumb"};
    const auto id = bench.ready();
    world.policies["default"].presets = {"thumb", "w640", "w960"};
    const auto looked = bench.run(id, {.presets = {}, .is_forced = false, .is_dry_run = true});
    ASSERT_TRUE(looked);
    EXPECT_EQ(looked->missing, (Texts{"w640 image/webp", "w960 image/webp"}));
    EXPECT_TRUE(bench.made.empty());
    const auto report = bench.run(id, {.presets = {"w640"}});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(bench.made, (Texts{"w=640,f=webp"}));
    ASSERT_EQ(report->made.size(), 1U);
    EXPECT_EQ(report->made[0].width_px, 320U);
    EXPECT_EQ(bench.presets_of_image(id), (Texts{"thumb", "w640"}));
    EXPECT_EQ(bench.forgotten, 1U);
    const auto& made = report->made[0];
    EXPECT_TRUE(run_task(world.adapters.store->head(made.bucket, made.key)));
    EXPECT_EQ(world.image(id).history.size(), 3U) << "the state did not change";
}

TEST(RemakePresets, ForceMakesWhatIsThere) {
    FlowWorld world;
    Bench bench(world);
    const auto id = bench.ready();
    const auto report = bench.run(id, {.presets = {"thumb"}, .is_forced = true});
    ASSERT_TRUE(report);
    EXPECT_TRUE(report->missing.empty());
    EXPECT_EQ(bench.made, (Texts{"w=256,h=256,fit=crop,f=webp"}));
    EXPECT_EQ(world.image(id).variants.size(), 10U);
}

TEST(RemakePresets, AnImageWithoutRenditionsIsDecodedOnceForAll) {
    FlowWorld world;
    Bench bench(world);
    world.policies["default"].verify = Verify::kHeader;
    const auto id = bench.ready();
    EXPECT_TRUE(bench.run(id)->missing.empty()) << "its policy promises nothing";
    world.policies["default"].verify = Verify::kDecode;
    const auto before = world.verifier.calls();
    const auto report = bench.run(id);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->missing.size(), 9U);
    EXPECT_EQ(report->missing[0], "renditions");
    EXPECT_EQ(world.verifier.calls(), before + 1);
    const auto image = world.image(id);
    EXPECT_EQ(image.variants.size(), 10U);
    EXPECT_EQ(image.thumbhash, "AQID");
    EXPECT_TRUE(bench.run(id)->missing.empty());
}

TEST(RemakePresets, WhatTheStoreLostIsFoundAndMadeAgain) {
    FlowWorld world;
    Bench bench(world);
    world.policies["default"].presets = {"thumb", "w640"};
    world.policies["default"].preset_effort = 2;
    const auto id = bench.ready();
    const auto remove = [&](VariantKind kind) {
        for (const auto& variant : world.image(id).variants) {
            if (variant.kind != kind) continue;
            EXPECT_TRUE(
                run_task(world.adapters.store->remove(variant.bucket, variant.key, std::nullopt))
            );
            return;
        }
    };
    remove(VariantKind::kPreset);
    auto report = bench.run(id);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->missing, (Texts{"thumb image/webp"}));
    EXPECT_EQ(bench.efforts, (std::vector<int>{2})) << "that of the policy";
    const auto calls = world.verifier.calls();
    remove(VariantKind::kRendition);
    report = bench.run(id);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->missing, (Texts{"renditions"}));
    EXPECT_EQ(world.verifier.calls(), calls + 1);
    EXPECT_TRUE(bench.run(id)->missing.empty());
    ASSERT_TRUE(bench.run(id, {.presets = {}, .is_forced = true}));
    EXPECT_EQ(world.verifier.calls(), calls + 2) << "renditions, too, of all";
}

TEST(RemakePresets, TheOperatorsPresetsAndLookDecide) {
    FlowWorld world;
    Bench bench(world);
    world.policies["default"].presets = {"thumb", "hero"};
    ASSERT_TRUE(world.on_stored.product_rules.presets.set("hero", "w=1500,f=jpeg"));
    const auto id = bench.ready();
    EXPECT_EQ(bench.presets_of_image(id), (Texts{"hero", "thumb"}));
    bench.remake.product_rules = world.on_stored.product_rules;
    EXPECT_TRUE(bench.run(id)->missing.empty());
    ASSERT_TRUE(bench.remake.product_rules.presets.set("thumb", "w=99,h=99,fit=cover"));
    const auto report = bench.run(id);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(bench.made, (Texts{"w=99,h=99,fit=crop,f=webp"}));
    EXPECT_EQ(bench.presets_of_image(id), (Texts{"hero", "thumb"})) << "the old meaning is gone";
    bench.remake.product_rules.look.keep_wide_gamut = true;
    EXPECT_EQ(bench.run(id)->missing.size(), 3U) << "renditions and both presets";
    const auto suffix = look_suffix(bench.remake.product_rules.look);
    for (const auto& variant : world.image(id).variants)
        EXPECT_TRUE(variant.key.ends_with(suffix)) << variant.key;
    EXPECT_TRUE(bench.run(id)->missing.empty());
}

TEST(RemakePresets, WhatCannotBeMadeIsAnErrorAndChangesNothing) {
    FlowWorld world;
    Bench bench(world);
    world.policies["default"].presets = {};
    const auto id = bench.ready();
    world.policies["default"].presets = {"w640"};
    bench.bytes = "not a picture";
    EXPECT_EQ(bench.run(id).error().code, Errc::kCrashed);
    EXPECT_TRUE(bench.presets_of_image(id).empty());
    EXPECT_EQ(bench.run(id, {.presets = {"huge"}}).error().reason, "presets");
    EXPECT_EQ(bench.run(world.permit()).error().reason, "not_ready");
    EXPECT_EQ(bench.run(ImageId{world.ids.uuid_v7()}).error().code, Errc::kNotFound);
}

TEST(RemakePresets, NothingComesBackOfAnImageThatIsDeletedMeanwhile) {
    FlowWorld world;
    Bench bench(world);
    const auto id = bench.ready();
    bench.remake.make = [&](std::shared_ptr<const Image>,
                            imaging::ProductSpec) -> Task<Result<std::string>> {
        CO_CHECK(co_await world.delete_image.run(FlowWorld::client(), id));
        co_return webp_form;
    };
    const auto report = bench.run(id, {.presets = {"thumb"}, .is_forced = true});
    EXPECT_EQ(report.error().code, Errc::kNotFound);
    EXPECT_EQ(world.stored_objects(kVariantsBucket), 0U);
}

}  // namespace
}  // namespace pixgate
