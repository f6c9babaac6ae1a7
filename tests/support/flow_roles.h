// The roles of the flow running on one loop until a condition holds: for tests of the event host,
// the worker and all of it together.
#pragma once

#include <functional>

#include "roles/function/event_host.h"
#include "roles/worker/worker.h"
#include "tests/support/flow_world.h"

namespace pixgate::test {

// Runs the role until `is_done` holds, then stops it and waits for its end; false where the
// condition did not hold within `limit` (real time). `tick` moves the world on: called every 2 ms.
template <class Role>
Task<bool> run_until(
    Role& role,
    std::function<bool()> is_done,
    std::function<void()> tick,
    std::chrono::seconds limit
) {
    TaskGroup group;
    co_await group.start("role", role.run());
    const auto until = std::chrono::steady_clock::now() + limit;
    bool held = false;
    while (!held && std::chrono::steady_clock::now() < until) {
        if (tick) tick();
        co_await sleep_for(std::chrono::milliseconds{2});
        held = is_done();
    }
    role.stop();
    const bool ended = co_await group.wait_below(1, std::chrono::seconds{20});
    co_return held&& ended;
}

}  // namespace pixgate::test
