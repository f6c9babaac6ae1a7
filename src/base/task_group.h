// Coroutines that run beside the one that owns them: what roles need to handle several things at
// once and to end in order. Everything of one group happens on one event loop.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/task.h"

namespace pixgate {

class TaskGroup {
public:
    TaskGroup();
    ~TaskGroup();  // does not wait: what still runs keeps the group's state, so join() before
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    // Begins on the loop of the coroutine that awaits this, and returns at once. What escapes as an
    // exception is logged under `name`. The task must not refer to what may go before it ends.
    Task<void> start(std::string name, Task<void> task);

    std::size_t running() const;
    // Until fewer than `n` run: true; false when `limit` has passed first.
    Task<bool> wait_below(std::size_t n, std::chrono::nanoseconds limit);

    // Asks all to end: each does so at its next cancellation point, by an exception that ends
    // quietly in the group.
    void cancel();

private:
    struct State;
    std::shared_ptr<State> state_;
};

// Said once, from any thread: a role should end.
class StopFlag {
public:
    void set() { signal_.notify(); }
    bool is_set() const { return signal_.version() > first_; }
    // Waits; false as soon as the flag is set.
    Task<bool> sleep(std::chrono::nanoseconds duration);

private:
    Signal signal_;
    std::uint64_t first_ = signal_.version();
};

}  // namespace pixgate
