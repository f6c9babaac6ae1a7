#include "flow/register_image.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/bucket.h"
#include "core/presets_message.h"
#include "tests/support/flow_world.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::FlowWorld;

RegisterMessage message_for(FlowWorld& world, const ImageId& id, std::string_view thumbnail = {}) {
    world.put(id, "picture", thumbnail);
    EXPECT_TRUE(run_task(world.on_stored.run(world.event_of(id, thumbnail))));
    return world.take_message();
}

TEST(RegisterImage, WritesStoredAtTheEventsTimeAndReadyNow) {
    FlowWorld world;
    const auto id = world.permit();
    const auto message = message_for(world, id);
    world.clock.advance(3s);
    RegisterImage step{*world.adapters.catalog, *world.adapters.preset_queue, world.clock};
    EXPECT_EQ(run_task(step.run(message)).value(), Applied::kDone);
    const auto image = world.image(id);
    EXPECT_EQ(image.state, ImageState::kReady);
    EXPECT_EQ(image.width_px, 640U);
    EXPECT_EQ(image.etag, message.event.etag);
    ASSERT_EQ(image.history.size(), 3U);
    EXPECT_EQ(image.history[1].state, ImageState::kStored);
    EXPECT_EQ(image.history[1].at, message.event.at);
    EXPECT_EQ(image.history[2].state, ImageState::kReady);
    EXPECT_EQ(image.history[2].at, world.clock.now());
    EXPECT_EQ(image.ready_at, world.clock.now());
}

TEST(RegisterImage, WritesPlaceholdersAndProductsWithTheVerdict) {
    FlowWorld world;
    const auto id = world.permit();
    const auto message = message_for(world, id);
    RegisterImage step{*world.adapters.catalog, *world.adapters.preset_queue, world.clock};
    EXPECT_EQ(run_task(step.run(message)).value(), Applied::kDone);
    const auto image = world.image(id);
    EXPECT_EQ(image.thumbhash, "AQID");
    EXPECT_EQ(image.blurhash, "LEHV6n");
    EXPECT_EQ(image.dominant_colour, "#102030");
    EXPECT_EQ(image.variants.size(), 10U);
    EXPECT_EQ(std::ranges::count(image.variants, VariantKind::kRendition, &Variant::kind), 2);
}

TEST(RegisterImage, PresetsToBeMadeAnewAreQueuedAfterTheImageIsReadyAndByADuplicateToo) {
    FlowWorld world;
    world.policies["default"].preset_effort = 2;
    world.policies["default"].preset_final_effort = 4;
    const auto id = world.permit();
    const auto message = message_for(world, id);
    ASSERT_TRUE(message.wants_presets_anew);
    RegisterImage step{*world.adapters.catalog, *world.adapters.preset_queue, world.clock};
    EXPECT_EQ(run_task(step.run(message)).value(), Applied::kDone);
    EXPECT_EQ(run_task(step.run(message)).value(), Applied::kDuplicate);
    const auto queued = run_task(world.adapters.preset_queue->receive(10, 0ms, 60s));
    ASSERT_EQ(queued->size(), 2U);
    const auto anew = parse_presets_message(queued->at(0).body);
    ASSERT_TRUE(anew);
    EXPECT_EQ(anew->image_id, id);
    EXPECT_EQ(anew->etag, message.event.etag);
    EXPECT_TRUE(anew->is_anew);
}

TEST(RegisterImage, NothingIsMadeAnewWhereThePolicyIsContent) {
    FlowWorld world;
    world.policies["default"].preset_final_effort = 3;  // less than the first
    const auto id = world.permit();
    const auto message = message_for(world, id);
    RegisterImage step{*world.adapters.catalog, *world.adapters.preset_queue, world.clock};
    EXPECT_EQ(run_task(step.run(message)).value(), Applied::kDone);
    EXPECT_EQ(run_task(world.adapters.preset_queue->backlog())->count, 0U);
}

// As an operator does it: the object is written over with the store's credentials.
TEST(RegisterImage, WhatWasMadeOfAReplacedOriginalGoesAndNothingElse) {
    FlowWorld world;
    RegisterImage step{
        *world.adapters.catalog, *world.adapters.preset_queue, world.clock,
        world.adapters.store.get()
    };
    const auto id = world.permit();
    const auto neighbour = world.permit();
    EXPECT_EQ(run_task(step.run(message_for(world, id))).value(), Applied::kDone);
    EXPECT_EQ(run_task(step.run(message_for(world, neighbour))).value(), Applied::kDone);
    const auto old_etag = world.image(id).etag;
    const auto before = world.stored_objects(kVariantsBucket);
    world.put(id, "picture two");
    ASSERT_TRUE(run_task(world.on_stored.run(world.event_of(id))));
    const auto second = world.take_message();
    // One more version is in the store, and what was made of it, before the second is registered.
    world.put(id, "picture three");
    ASSERT_TRUE(run_task(world.on_stored.run(world.event_of(id))));
    EXPECT_EQ(world.stored_objects(kVariantsBucket), before + before / 2 * 2);
    EXPECT_EQ(run_task(step.run(second)).value(), Applied::kReplaced);
    EXPECT_EQ(run_task(step.run(second)).value(), Applied::kDuplicate);
    EXPECT_EQ(world.stored_objects(kVariantsBucket), before + before / 2) << "the first's are gone";
    EXPECT_EQ(run_task(step.run(world.take_message())).value(), Applied::kReplaced);
    EXPECT_EQ(world.stored_objects(kVariantsBucket), before);
    const auto image = world.image(id);
    EXPECT_NE(image.etag, old_etag);
    for (const auto& variant : image.variants)
        EXPECT_TRUE(run_task(world.adapters.store->head(variant.bucket, variant.key)));
}

TEST(RegisterImage, ARefusedReplacementWithdrawsThePictureAndAllThatWasMadeOfIt) {
    FlowWorld world;
    RegisterImage step{
        *world.adapters.catalog, *world.adapters.preset_queue, world.clock,
        world.adapters.store.get()
    };
    const auto id = world.permit();
    EXPECT_EQ(run_task(step.run(message_for(world, id))).value(), Applied::kDone);
    world.put(id, "broken");
    ASSERT_TRUE(run_task(world.on_stored.run(world.event_of(id))));
    EXPECT_EQ(run_task(step.run(world.take_message())).value(), Applied::kReplaced);
    EXPECT_EQ(world.image(id).state, ImageState::kRejected);
    EXPECT_EQ(world.stored_objects(kVariantsBucket), 0U);
}

TEST(RegisterImage, RefusesVariantsOfAnotherImage) {
    FlowWorld world;
    const auto id = world.permit();
    const auto good = message_for(world, id);
    RegisterImage step{*world.adapters.catalog, *world.adapters.preset_queue, world.clock};
    for (const auto& key :
         {variant_key(world.permit(), good.event.etag, "w=320"), variant_key(id, "other", "w=320"),
          std::string("w=320")}) {
        auto bad = good;
        bad.variants[0].key = key;
        EXPECT_EQ(run_task(step.run(bad)).error().code, Errc::kInvalidArgument) << key;
    }
    auto bad = good;
    bad.verdict = ImageState::kRejected;
    EXPECT_EQ(run_task(step.run(bad)).error().code, Errc::kInvalidArgument);
    EXPECT_EQ(world.image(id).state, ImageState::kPending);
}

TEST(RegisterImage, TheSameMessageHasItsEffectOnce) {
    FlowWorld world;
    const auto id = world.permit();
    const auto message = message_for(world, id);
    RegisterImage step{*world.adapters.catalog, *world.adapters.preset_queue, world.clock};
    EXPECT_EQ(run_task(step.run(message)).value(), Applied::kDone);
    EXPECT_EQ(run_task(step.run(message)).value(), Applied::kDuplicate);
    EXPECT_EQ(world.image(id).history.size(), 3U);
    EXPECT_EQ(run_task(world.adapters.catalog->last_seq()).value(), 1);
}

TEST(RegisterImage, AThumbnailBecomesAVariantAndARefusedOneIsNeverShown) {
    FlowWorld world;
    const auto id = world.permit();
    RegisterImage step{*world.adapters.catalog, *world.adapters.preset_queue, world.clock};
    EXPECT_EQ(run_task(step.run(message_for(world, id))).value(), Applied::kDone);
    EXPECT_EQ(run_task(step.run(message_for(world, id, "small"))).value(), Applied::kDone);
    auto refused = message_for(world, id, "big");
    refused.verdict = ImageState::kRejected;
    refused.reason = "broken";
    EXPECT_EQ(run_task(step.run(refused)).value(), Applied::kSkipped);
    const auto image = world.image(id);
    EXPECT_EQ(image.state, ImageState::kReady);
    ASSERT_EQ(image.variants.size(), 11U);
    EXPECT_EQ(image.variants[0].name, "small");
    EXPECT_EQ(image.variants[0].key, thumbnail_key(id, "small"));
    EXPECT_EQ(image.variants[0].width_px, 640U);
}

TEST(RegisterImage, RefusesMessagesWhosePartsDoNotBelongTogether) {
    FlowWorld world;
    const auto id = world.permit();
    const auto victim = world.permit();
    const auto good = message_for(world, id);
    RegisterImage step{*world.adapters.catalog, *world.adapters.preset_queue, world.clock};
    auto bad = good;
    bad.image_id = victim;
    EXPECT_EQ(run_task(step.run(bad)).error().code, Errc::kInvalidArgument);
    bad = good;
    bad.thumbnail = "small";
    EXPECT_EQ(run_task(step.run(bad)).error().code, Errc::kInvalidArgument);
    bad = good;
    bad.event.bucket = kVariantsBucket;
    EXPECT_EQ(run_task(step.run(bad)).error().code, Errc::kInvalidArgument);
    bad = good;
    bad.verdict = ImageState::kDeleted;
    EXPECT_EQ(run_task(step.run(bad)).error().code, Errc::kInvalidArgument);
    EXPECT_EQ(world.image(victim).state, ImageState::kPending);
}

TEST(DeleteImage, RemovesRowAndObjectsAndTellsTheCaches) {
    FlowWorld world;
    const auto id = world.permit();
    world.put(id, "picture");
    world.put(id, "picture", "small");
    const auto variant = make_text_body("variant");
    ASSERT_TRUE(run_task(world.adapters.store->put(
        std::string(kVariantsBucket), id.value + "/etag/w=320", *variant, PutOptions{}
    )));
    const auto kept = world.permit();
    world.put(kept, "picture");
    std::string forgotten;
    world.delete_image.forget = [&forgotten](const ImageId& gone) { forgotten = gone.value; };

    EXPECT_EQ(
        run_task(world.delete_image.run(FlowWorld::client("bob"), id)).error().code, Errc::kNotFound
    );
    Caller reader = FlowWorld::client();
    reader.may_delete = false;
    EXPECT_EQ(run_task(world.delete_image.run(reader, id)).error().code, Errc::kPermissionDenied);
    ASSERT_TRUE(run_task(world.delete_image.run(FlowWorld::client(), id)));
    EXPECT_EQ(forgotten, id.value);
    EXPECT_EQ(world.stored_objects(kOriginalsBucket), 1U);
    EXPECT_EQ(world.stored_objects(kVariantsBucket), 0U);
    EXPECT_EQ(
        run_task(world.delete_image.run(FlowWorld::client(), id)).error().code, Errc::kNotFound
    );
}

}  // namespace
}  // namespace pixgate
