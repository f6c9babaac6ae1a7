#include "roles/worker/preset_maker.h"

#include <gtest/gtest.h>

#include "tests/support/flow_roles.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::FlowWorld;
using test::run_until;

struct Bench {
    Bench() {
        world.policies["default"].preset_effort = 2;
        world.policies["default"].preset_final_effort = 5;
    }

    ImageId ready() { return world.ready(); }
    bool until_empty() {
        const auto is_empty = [this] { return run_task(queue.backlog())->count == 0; };
        return run_task(run_until(maker, is_empty, [this] { world.clock.advance(1s); }, 20s));
    }
    std::vector<DeadLetter> dead_letters() {
        auto page = run_task(world.adapters.dead_letters->list("", 100));
        return page ? page->letters : std::vector<DeadLetter>{};
    }

    FlowWorld world;
    Queue& queue = *world.adapters.preset_queue;
    std::vector<std::uint8_t> efforts;
    Errc failure = Errc::kInternal;
    int failures = 0;
    const PreparePicture prepare = [this](
                                       int fd,
                                       std::uint64_t size_bytes,
                                       const VerifyJob& job,
                                       const std::vector<WantedProduct>& products
                                   ) -> Result<imaging::PrepareAnswer> {
        if (failures > 0) {
            --failures;
            return fail(failure, "on purpose");
        }
        for (const auto& product : products) efforts.push_back(product.spec.effort);
        return world.preparer(fd, size_bytes, job, products);
    };
    RemakePresets remake{*world.adapters.catalog, *world.adapters.store, prepare, {}, world.pool,
                         world.policies,          world.clock,           {}};
    PresetMaker maker{{queue, remake, world.metrics}, {.poll_wait = 5ms}};
};

TEST(PresetMaker, MakesPresetsAnewFromTheOriginalAtTheFinalEffort) {
    Bench bench;
    const auto id = bench.ready();
    const auto before = bench.world.image(id);
    ASSERT_EQ(run_task(bench.queue.backlog())->count, 1U);
    EXPECT_TRUE(bench.until_empty());
    EXPECT_EQ(bench.efforts, std::vector<std::uint8_t>(8, 5)) << "the presets, and no rendition";
    const auto after = bench.world.image(id);
    EXPECT_EQ(after.variants.size(), before.variants.size());
    EXPECT_EQ(after.history.size(), before.history.size());
    EXPECT_TRUE(bench.dead_letters().empty());
}

TEST(PresetMaker, AnImageThatIsGoneOrReplacedIsNothingToDo) {
    Bench bench;
    const auto id = bench.ready();
    ASSERT_TRUE(run_task(bench.world.delete_image.run(FlowWorld::client(), id)));
    const auto other = bench.ready();
    ASSERT_TRUE(run_task(bench.queue.send(to_json(PresetsMessage{other, "another etag", true}))));
    EXPECT_TRUE(bench.until_empty());
    EXPECT_EQ(bench.efforts.size(), 8U) << "of the other, once";
    EXPECT_TRUE(bench.dead_letters().empty());
}

TEST(PresetMaker, WhatTheEnvironmentPreventsIsTriedUntilItWorksAndCountsOnce) {
    Bench bench;
    bench.failure = Errc::kNoSpace;
    bench.failures = 1;
    bench.ready();
    EXPECT_TRUE(bench.until_empty());
    EXPECT_EQ(bench.efforts.size(), 8U);
    EXPECT_TRUE(bench.dead_letters().empty());
}

TEST(PresetMaker, WhatCannotBeMadeIsADeadLetterAndTheImageStaysReady) {
    Bench bench;
    bench.failure = Errc::kCrashed;
    bench.failures = 100;
    const auto id = bench.ready();
    EXPECT_TRUE(bench.until_empty());
    const auto letters = bench.dead_letters();
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].attempts, 5U);
    EXPECT_EQ(letters[0].queue, kPresetQueue);
    EXPECT_EQ(bench.world.image(id).state, ImageState::kReady);
    bench.failures = 0;
    ASSERT_TRUE(run_task(bench.world.adapters.dead_letters->redrive(letters[0].id)));
    PresetMaker again{{bench.queue, bench.remake, bench.world.metrics}, {.poll_wait = 5ms}};
    const auto is_empty = [&] { return run_task(bench.queue.backlog())->count == 0; };
    EXPECT_TRUE(run_task(run_until(again, is_empty, [&] { bench.world.clock.advance(1s); }, 20s)));
    EXPECT_EQ(bench.efforts.size(), 8U);
}

TEST(PresetMaker, WhatCannotBeReadIsBuriedAtOnce) {
    Bench bench;
    ASSERT_TRUE(run_task(bench.queue.send("{}")));
    EXPECT_TRUE(bench.until_empty());
    ASSERT_EQ(bench.dead_letters().size(), 1U);
    EXPECT_EQ(bench.dead_letters()[0].reason, "unreadable");
}

}  // namespace
}  // namespace pixgate
