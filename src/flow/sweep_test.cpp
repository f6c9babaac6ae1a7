#include "flow/sweep.h"

#include <gtest/gtest.h>

#include "core/bucket.h"
#include "flow/register_image.h"
#include "tests/support/flow_world.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::FlowWorld;

struct Broom {
    explicit Broom(FlowWorld& w, Sweep::Config config = {})
        : world(w),
          sweep(
              {*w.adapters.catalog, *w.adapters.store, *w.adapters.events, *w.adapters.alerts,
               w.delete_image, w.clock, test::event_json},
              config
          ) {}

    Sweep::Report run() {
        auto report = run_task(sweep.run());
        EXPECT_TRUE(report) << report.error().message;
        return report.value_or(Sweep::Report{});
    }
    // As if the store had never told anybody.
    std::size_t drop_events() {
        auto events = run_task(world.adapters.events->next(10'000, 0ms, 1min));
        for (const auto& event : *events) {
            EXPECT_TRUE(run_task(world.adapters.events->done(event.id)));
        }
        return events->size();
    }
    // Function and worker, for all events that are due.
    void process() {
        auto events = run_task(world.adapters.events->next(10'000, 0ms, 1min));
        for (const auto& event : *events) {
            for (const auto& record : test::records_of(event.json)) {
                EXPECT_TRUE(run_task(world.on_stored.run(record)));
            }
            EXPECT_TRUE(run_task(world.adapters.events->done(event.id)));
        }
        RegisterImage step{*world.adapters.catalog, *world.adapters.preset_queue, world.clock};
        while (world.queued() != 0) EXPECT_TRUE(run_task(step.run(world.take_message())));
    }
    std::vector<Alert> alerts() {
        return run_task(world.adapters.alerts->pending(1'000)).value_or(std::vector<Alert>{});
    }

    FlowWorld& world;
    Sweep sweep;
};

TEST(Sweep, ExpiresWhatWasNeverSentAndRemovesItsThumbnails) {
    FlowWorld world;
    Broom broom(world);
    const auto id = world.permit();
    world.put(id, "picture", "small");
    broom.drop_events();
    world.clock.advance(5min + 59s);
    EXPECT_EQ(broom.run().expired, 0U);
    world.clock.advance(2s);
    EXPECT_EQ(broom.run().expired, 1U);
    const auto image = world.image(id);
    EXPECT_EQ(image.state, ImageState::kExpired);
    EXPECT_EQ(image.reason, "not_uploaded");
    EXPECT_EQ(world.stored_objects(kOriginalsBucket), 0U);
    EXPECT_EQ(broom.run().expired, 0U);
}

TEST(Sweep, AnOriginalThatIsThereIsNeverExpired) {
    FlowWorld world;
    Broom broom(world);
    const auto id = world.permit();
    world.put(id, "picture");
    broom.drop_events();
    world.clock.advance(10min);
    const auto report = broom.run();
    EXPECT_EQ(report.expired, 0U);
    EXPECT_EQ(report.replayed, 1U);
    broom.process();
    EXPECT_EQ(world.image(id).state, ImageState::kReady);
}

TEST(Sweep, FindsEveryObjectWhoseEventWasLostAndNoOther) {
    FlowWorld world;
    Broom broom(world);
    std::vector<ImageId> lost;
    std::vector<ImageId> waiting;
    for (int i = 0; i < 50; ++i) {
        lost.push_back(world.permit());
        world.put(lost.back(), "picture");
        waiting.push_back(world.permit());
    }
    EXPECT_EQ(broom.drop_events(), 50U);
    EXPECT_EQ(broom.run().replayed, 0U);  // too young: the event may be on its way
    world.clock.advance(60s);
    EXPECT_EQ(broom.run().replayed, 50U);
    world.clock.advance(20s);
    EXPECT_EQ(broom.run().replayed, 0U);  // they are in line now
    broom.process();
    for (const auto& id : lost) EXPECT_EQ(world.image(id).state, ImageState::kReady);
    for (const auto& id : waiting) EXPECT_EQ(world.image(id).state, ImageState::kPending);
    EXPECT_EQ(broom.run().replayed, 0U);
}

TEST(Sweep, AReplayedEventOfARegisteredObjectHasNoSecondEffect) {
    FlowWorld world;
    Broom broom(world);
    const auto id = world.permit();
    world.put(id, "picture");
    const auto event = world.event_of(id);
    broom.process();
    ASSERT_TRUE(run_task(world.adapters.events->add(test::event_json(event))));
    broom.process();
    EXPECT_EQ(world.image(id).history.size(), 3U);
}

TEST(Sweep, ReplaysOfTheSameObjectBecomeRare) {
    FlowWorld world;
    Broom broom(world);
    world.put(world.permit(), "picture");
    std::uint64_t replays = 0;
    for (int minute = 0; minute < 120; ++minute) {
        broom.drop_events();
        world.clock.advance(1min);
        replays += broom.run().replayed;
    }
    EXPECT_GE(replays, 4U);
    EXPECT_LE(replays, 8U);
}

TEST(Sweep, AnImageThatIsStuckIsOneAlertPerState) {
    FlowWorld world;
    Broom broom(world);
    const auto id = world.permit();
    world.put(id, "picture");
    world.clock.advance(3min);
    EXPECT_EQ(broom.run().stuck, 1U);
    world.clock.advance(1min);
    EXPECT_EQ(broom.run().stuck, 0U);
    Change stored;
    stored.id = id;
    stored.to = ImageState::kStored;
    stored.at = world.clock.now();
    ASSERT_TRUE(run_task(world.adapters.catalog->apply(stored)));
    world.clock.advance(3min);
    EXPECT_EQ(broom.run().stuck, 1U);
    world.clock.advance(3min);
    EXPECT_EQ(broom.run().stuck, 0U);
    const auto alerts = broom.alerts();
    ASSERT_EQ(alerts.size(), 2U);
    EXPECT_EQ(alerts[0].kind, "image_stuck");
    EXPECT_EQ(alerts[0].image_id, id.value);
    EXPECT_NE(alerts[0].cause, alerts[1].cause);
}

TEST(Sweep, ALineOfEventsThatIsTooOldIsAnAlertNowAndThen) {
    FlowWorld world;
    Broom broom(world);
    ASSERT_TRUE(run_task(world.adapters.events->add("{\"Records\":[]}")));
    world.clock.advance(16min);
    broom.run();
    broom.run();
    ASSERT_EQ(broom.alerts().size(), 1U);
    EXPECT_EQ(broom.alerts()[0].kind, "backlog");
    world.clock.advance(16min);
    broom.run();
    EXPECT_EQ(broom.alerts().size(), 2U);
}

TEST(Sweep, ObjectsOfDeletedImagesGoAndThoseOfUnknownImagesStay) {
    FlowWorld world;
    Sweep::Config config;
    config.walk_keys = 2;
    Broom broom(world, config);
    const auto deleted = world.permit();
    ASSERT_TRUE(run_task(world.delete_image.run(FlowWorld::client(), deleted)));
    world.put(deleted, "picture");
    const auto variant = make_text_body("variant");
    ASSERT_TRUE(run_task(world.adapters.store->put(
        std::string(kVariantsBucket), deleted.value + "/etag/w=320", *variant, PutOptions{}
    )));
    const ImageId unknown{world.ids.uuid_v7()};
    world.put(unknown, "picture");
    const auto kept = world.permit();
    world.put(kept, "picture");
    broom.drop_events();
    std::uint64_t removed = 0;
    for (int i = 0; i < 6; ++i) removed += broom.run().removed;
    EXPECT_EQ(removed, 1U);
    EXPECT_EQ(world.stored_objects(kOriginalsBucket), 2U);
    EXPECT_EQ(world.stored_objects(kVariantsBucket), 0U);
}

TEST(Sweep, VariantsOfAVersionThatWasReplacedGoAfterTheGraceTime) {
    FlowWorld world;
    Broom broom(world);
    const auto id = world.permit();
    world.put(id, "picture");
    broom.process();
    const auto of_one_version = world.stored_objects(kVariantsBucket);
    world.put(id, "picture two");
    broom.process();
    const auto late = make_text_body("made while the version was replaced");
    ASSERT_TRUE(run_task(world.adapters.store->put(
        std::string(kVariantsBucket), id.value + "/etag/w=333,f=webp", *late, PutOptions{}
    )));
    const auto walk = [&] {
        std::uint64_t removed = 0;
        for (int i = 0; i < 4; ++i) removed += broom.run().removed;
        return removed;
    };
    EXPECT_EQ(walk(), 0U);
    EXPECT_EQ(world.stored_objects(kVariantsBucket), 2 * of_one_version + 1);
    world.clock.advance(61s);
    EXPECT_EQ(walk(), 1U) << "one image";
    EXPECT_EQ(world.stored_objects(kVariantsBucket), of_one_version);
    EXPECT_EQ(walk(), 0U);
    for (const auto& variant : world.image(id).variants)
        EXPECT_TRUE(run_task(world.adapters.store->head(variant.bucket, variant.key)));
}

TEST(Sweep, VariantsWhoseVerdictIsOnItsWayStay) {
    FlowWorld world;
    Broom broom(world);
    const auto fresh = world.permit();
    const auto replaced = world.permit();
    world.put(replaced, "picture");
    broom.process();
    world.put(fresh, "picture");
    world.put(replaced, "picture two");
    // The function ran, the messages wait.
    for (const auto& id : {fresh, replaced})
        ASSERT_TRUE(run_task(world.on_stored.run(world.event_of(id))));
    const auto before = world.stored_objects(kVariantsBucket);
    world.clock.advance(2min);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(broom.run().removed, 0U);
    EXPECT_EQ(world.stored_objects(kVariantsBucket), before);
}

TEST(Sweep, AThumbnailOfAReadyImageWhoseEventWasLostIsFound) {
    FlowWorld world;
    world.policies["default"].verify = Verify::kHeader;  // no other variants
    Broom broom(world);
    const auto id = world.permit();
    world.put(id, "picture", "small");
    broom.drop_events();
    world.put(id, "picture");
    broom.process();
    EXPECT_TRUE(world.image(id).variants.empty());
    world.clock.advance(1min);
    EXPECT_EQ(broom.run().replayed, 1U);
    broom.process();
    EXPECT_EQ(world.image(id).variants.size(), 1U);
}

TEST(Sweep, WhatItRemembersIsBounded) {
    FlowWorld world;
    Sweep::Config config;
    config.max_remembered = 3;
    Broom broom(world, config);
    for (int i = 0; i < 10; ++i) world.put(world.permit(), "picture");
    world.clock.advance(3min);
    EXPECT_EQ(broom.run().stuck, 10U);
    world.clock.advance(1min);
    EXPECT_GE(broom.run().stuck, 7U);  // seven were forgotten, and are said again
}

}  // namespace
}  // namespace pixgate
