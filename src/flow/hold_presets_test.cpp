#include "flow/hold_presets.h"

#include <gtest/gtest.h>

#include "core/presets_message.h"
#include "tests/support/flow_world.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::FlowWorld;

struct Bench {
    ImageId ready() {
        world.clock.advance(1ms);  // ids sort by time
        return world.ready();
    }
    std::size_t step() { return run_task(hold.step()).value_or(999); }

    FlowWorld world;
    Queue& queue = *world.adapters.preset_queue;
    RemakePresets remake{
        *world.adapters.catalog,
        *world.adapters.store,
        world.preparer,
        {},
        world.pool,
        world.policies,
        world.clock,
        {}
    };
    HoldPresets hold{{*world.adapters.catalog, remake, queue}};
};

TEST(HoldPresets, QueuesTheImagesThatLackPresetsAndEndsWithTheLastPage) {
    Bench bench;
    bench.world.policies["default"].presets = {"thumb"};
    std::vector<ImageId> older;
    for (int i = 0; i < 120; ++i) older.push_back(bench.ready());
    bench.world.policies["default"].presets = {"thumb", "w640"};
    const auto newest = bench.ready();
    EXPECT_EQ(bench.step(), 99U) << "the newest has all";
    EXPECT_FALSE(bench.hold.is_done());
    EXPECT_EQ(bench.step(), 21U);
    EXPECT_TRUE(bench.hold.is_done());
    EXPECT_EQ(bench.step(), 0U);
    const auto first = run_task(bench.queue.receive(1, 0ms, 60s));
    const auto message = parse_presets_message(first->at(0).body);
    ASSERT_TRUE(message);
    EXPECT_EQ(message->image_id, older.back());
    EXPECT_EQ(message->etag, bench.world.image(older.back()).etag);
    EXPECT_FALSE(message->is_anew);
}

TEST(HoldPresets, WaitsWhileTheQueueIsLong) {
    Bench bench;
    bench.world.policies["default"].presets = {"thumb"};
    bench.ready();
    bench.world.policies["default"].presets = {"thumb", "w640"};
    for (int i = 0; i < 1'000; ++i) ASSERT_TRUE(run_task(bench.queue.send("waits")));
    EXPECT_EQ(bench.step(), 0U);
    EXPECT_FALSE(bench.hold.is_done());
    const auto one = run_task(bench.queue.receive(1, 0ms, 60s));
    ASSERT_TRUE(run_task(bench.queue.ack(one->at(0).receipt)));
    EXPECT_EQ(bench.step(), 1U);
}

}  // namespace
}  // namespace pixgate
