#include "main/sandbox_watch.h"

#include <gtest/gtest.h>

#include "tests/support/flow_world.h"

namespace pixgate {
namespace {

TEST(SandboxWatch, AViolationIsAnAlert) {
    test::FlowWorld world;
    const Error error{
        Errc::kCrashed, "sandbox: the child made a forbidden call", "policy_violation"
    };
    auto telling = tell_of_violation(*world.adapters.alerts, error, world.clock.now());
    run_task(std::move(telling));
    const auto alerts = run_task(world.adapters.alerts->pending(10));
    ASSERT_TRUE(alerts);
    ASSERT_EQ(alerts->size(), 1U);
    EXPECT_EQ(alerts->front().kind, "sandbox_violation");
    EXPECT_EQ(alerts->front().cause, "policy_violation");
}

}  // namespace
}  // namespace pixgate
