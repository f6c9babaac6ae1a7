#include "flow/fair_line.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/task_group.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;

// Clients that come one after the other while the only place is taken, and the order in which they
// are served or refused.
struct Scene {
    explicit Scene(std::size_t max_waiting) : line(1, max_waiting) {}

    Task<void> come(std::string client) {
        auto place = co_await line.enter(client, limit);
        (place ? served : refused).push_back(client);
        if (!place) reasons.push_back(place.error().reason);
    }

    Task<void> play(std::string clients, std::chrono::milliseconds pause) {
        TaskGroup group;
        {
            const auto first = co_await line.enter("first", 1s);
            for (const char c : clients) co_await group.start("come", come(std::string(1, c)));
            co_await sleep_for(pause);
        }
        co_await group.wait_below(1, 10s);
    }

    FairLine line;
    std::chrono::milliseconds limit{5'000};
    std::vector<std::string> served;
    std::vector<std::string> refused;
    std::vector<std::string> reasons;
};

TEST(FairLine, ServesClientsInTurnsAndEachInItsOwnOrder) {
    Scene scene(10);
    run_task(scene.play("aaabc", 20ms));
    EXPECT_EQ(scene.served, (std::vector<std::string>{"a", "b", "c", "a", "a"}));
    EXPECT_EQ(scene.line.waiting(), 0U);
}

TEST(FairLine, G110_OneClientCannotFillIt) {
    Scene scene(4);
    run_task(scene.play("aaaaaabb", 20ms));
    EXPECT_EQ(scene.served, (std::vector<std::string>{"a", "b", "a", "b"}));
    EXPECT_EQ(scene.refused, (std::vector<std::string>{"a", "a", "a", "a"}));
}

TEST(FairLine, WhoWaitsTooLongIsRefusedAndLeavesTheLine) {
    Scene scene(4);
    scene.limit = 10ms;
    run_task(scene.play("ab", 200ms));
    EXPECT_TRUE(scene.served.empty());
    EXPECT_EQ(scene.reasons, (std::vector<std::string>(2, "transform_queue_slow")));
    EXPECT_EQ(scene.line.waiting(), 0U);
    EXPECT_TRUE(run_task(scene.line.enter("c", 1ms)));
}

}  // namespace
}  // namespace pixgate
