#include "base/task_group.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "base/backoff.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;

Task<void> sleep_then_count(std::chrono::milliseconds time, int& ended) {
    co_await sleep_for(time);
    ++ended;
}

Task<void> throw_at_once() {
    throw std::runtime_error("on purpose");
    co_return;
}

TEST(TaskGroup, WaitsUntilFewerThanNRun) {
    auto body = []() -> Task<void> {
        TaskGroup group;
        int ended = 0;
        co_await group.start("a", sleep_then_count(5ms, ended));
        co_await group.start("b", sleep_then_count(10ms, ended));
        EXPECT_EQ(group.running(), 2U);
        EXPECT_TRUE(co_await group.wait_below(2, 5s));
        EXPECT_GE(ended, 1);
        EXPECT_TRUE(co_await group.wait_below(1, 5s));
        EXPECT_EQ(ended, 2);
    };
    run_task(body());
}

TEST(TaskGroup, GivesUpWaitingAtTheLimitAndEndsTasksByCancel) {
    auto body = []() -> Task<void> {
        TaskGroup group;
        int ended = 0;
        auto endless = [](int& count) -> Task<void> {
            for (;;) {
                co_await sleep_for(1h);
                ++count;
            }
        };
        co_await group.start("endless", endless(ended));
        EXPECT_FALSE(co_await group.wait_below(1, 5ms));
        group.cancel();
        EXPECT_TRUE(co_await group.wait_below(1, 5s));
        EXPECT_LE(ended, 1);
    };
    run_task(body());
}

TEST(TaskGroup, AnEscapedExceptionEndsOnlyItsTask) {
    auto body = []() -> Task<void> {
        TaskGroup group;
        int ended = 0;
        co_await group.start("bad", throw_at_once());
        co_await group.start("good", sleep_then_count(1ms, ended));
        EXPECT_TRUE(co_await group.wait_below(1, 5s));
        EXPECT_EQ(ended, 1);
    };
    run_task(body());
}

TEST(StopFlag, CutsASleepShortFromAnotherThread) {
    StopFlag flag;
    auto body = [](StopFlag& f) -> Task<void> {
        EXPECT_TRUE(co_await f.sleep(1ms));
        EXPECT_FALSE(co_await f.sleep(1h));
        EXPECT_FALSE(co_await f.sleep(1h));
    };
    std::jthread setter([&flag] {
        std::this_thread::sleep_for(5ms);
        flag.set();
    });
    run_task(body(flag));
    EXPECT_TRUE(flag.is_set());
}

TEST(Backoff, GrowsToTheCapAndStaysBetweenHalfAndAll) {
    for (int i = 0; i < 100; ++i) {
        const auto first = backoff_after(1, 1000ms, 300'000ms);
        EXPECT_GE(first, 500ms);
        EXPECT_LE(first, 1000ms);
        const auto third = backoff_after(3, 1000ms, 300'000ms);
        EXPECT_GE(third, 2000ms);
        EXPECT_LE(third, 4000ms);
        const auto late = backoff_after(4'000'000'000U, 1000ms, 300'000ms);
        EXPECT_GE(late, 150'000ms);
        EXPECT_LE(late, 300'000ms);
    }
}

}  // namespace
}  // namespace pixgate
