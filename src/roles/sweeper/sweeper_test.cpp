#include "roles/sweeper/sweeper.h"

#include <gtest/gtest.h>

#include "adapters/memory/alert_channel.h"
#include "tests/support/flow_roles.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::FlowWorld;

TEST(Sweeper, SweepsAndTellsUntilItIsStoppedAndThenEndsAtOnce) {
    FlowWorld world;
    Sweep sweep(
        {*world.adapters.catalog, *world.adapters.store, *world.adapters.events,
         *world.adapters.alerts, world.delete_image, world.clock, test::event_json},
        {}
    );
    memory::RecordingChannel channel;
    TellAlerts teller(*world.adapters.alerts, channel, world.clock, 30s);
    Sweeper sweeper({sweep, teller, world.metrics}, {.every = 5ms});
    const auto id = world.permit();
    const auto slow = world.permit();
    world.put(slow, "picture");
    world.clock.advance(10min);
    const auto is_done = [&] {
        return world.image(id).state == ImageState::kExpired && !channel.posts().empty();
    };
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(run_task(test::run_until(sweeper, is_done, {}, 10s)));
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
    EXPECT_EQ(channel.posts()[0].groups.at(0).kind, "image_stuck");
}

}  // namespace
}  // namespace pixgate
