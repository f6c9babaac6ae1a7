#include "base/task.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

namespace pixgate {
namespace {

using namespace std::chrono_literals;

TEST(Offload, RunsOnThePoolAndComesBack) {
    Pool pool("test", 2);
    const auto here = std::this_thread::get_id();
    const auto body = [](Pool& p, std::thread::id home) -> Task<int> {
        const int v = co_await offload(p, [home] {
            EXPECT_NE(std::this_thread::get_id(), home);
            return 41;
        });
        EXPECT_EQ(std::this_thread::get_id(), home);
        co_return v + 1;
    };
    EXPECT_EQ(run_task(body(pool, here)), 42);
}

TEST(Suspend, GoesOnAtHomeWhenAnotherThreadResumes) {
    std::jthread other;
    const auto body = [&other]() -> Task<bool> {
        const auto home = std::this_thread::get_id();
        std::move_only_function<void(Resume)> start = [&other](Resume resume) {
            other = std::jthread([resume = std::move(resume)]() mutable { resume(); });
        };
        co_await suspend(std::move(start));
        co_return std::this_thread::get_id() == home;
    };
    EXPECT_TRUE(run_task(body()));
}

TEST(WithDeadline, ATaskThatIsTooSlowIsDeadlineExceeded) {
    const auto slow = []() -> Task<Result<int>> {
        co_await sleep_for(10s);
        co_return 1;
    };
    auto task = with_deadline(slow(), 5ms);
    const auto result = run_task(std::move(task));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kDeadlineExceeded);
}

TEST(WithDeadline, AQuickTaskGivesItsValue) {
    const auto quick = []() -> Task<Result<int>> { co_return 7; };
    auto task = with_deadline(quick(), 10s);
    EXPECT_EQ(run_task(std::move(task)).value(), 7);
}

TEST(WithDeadline, AnExceptionComesOutAndIsNotTakenForALackOfTime) {
    const auto broken = []() -> Task<Result<int>> {
        co_await sleep_for(1ms);
        throw std::runtime_error("a bug");
    };
    auto task = with_deadline(broken(), 3s);
    EXPECT_THROW(run_task(std::move(task)), std::runtime_error);
}

TEST(Signal, ANotifyBeforeTheWaitIsNotLost) {
    Signal signal;
    const auto seen = signal.version();
    signal.notify();
    EXPECT_GT(run_task(signal.wait(seen, 10s)), seen);
}

TEST(Signal, ANotifyFromAnotherThreadWakesTheWaiter) {
    Signal signal;
    const auto seen = signal.version();
    std::jthread other([&signal] { signal.notify(); });
    EXPECT_GT(run_task(signal.wait(seen, 10s)), seen);
}

// What waited is gone with its loop; the signal must not touch it any more.
TEST(Signal, OutlivesALoopOnWhichItWasWaitedFor) {
    Signal signal;
    const auto wait = [&signal]() -> Task<void> { co_await signal.wait(signal.version(), 1h); };
    {
        boost::asio::io_context loop(1);
        boost::asio::co_spawn(loop, wait(), boost::asio::detached);
        loop.poll();
    }
    const auto seen = signal.version();
    signal.notify();
    EXPECT_GT(run_task(signal.wait(seen, 10s)), seen);
}

}  // namespace
}  // namespace pixgate
