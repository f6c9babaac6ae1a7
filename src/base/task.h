// Task<T>: a coroutine on Boost.Asio. What may wait returns Task<Result<T>>; what cannot returns
// Result<T>. Blocking work (disk, SQLite) and heavy work go to a Pool through offload(), so that
// the event loops never wait.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/result.h"

namespace pixgate {

template <class T>
using Task = boost::asio::awaitable<T>;

// A bounded set of threads for work that blocks. Destructor waits for the work under way.
class Pool {
public:
    Pool(std::string name, std::size_t threads);
    ~Pool();
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    void post(std::move_only_function<void()> work);
    void join();  // no further work is taken; what is queued is finished

private:
    struct State;
    std::unique_ptr<State> state_;
};

namespace detail {
// Resumes the awaiting coroutine on its own executor after `work` ran on the pool.
Task<void> run_on(Pool& pool, std::move_only_function<void()> work);
}  // namespace detail

// Run fn on the pool and give its result back on the caller's executor. fn is called once, on a
// pool thread; what it refers to must outlive the await (the awaiting coroutine's locals do).
template <class Fn>
Task<std::invoke_result_t<Fn&>> offload(Pool& pool, Fn fn) {
    using R = std::invoke_result_t<Fn&>;
    if constexpr (std::is_void_v<R>) {
        co_await detail::run_on(pool, [&fn] { fn(); });
    } else {
        std::optional<R> result;
        co_await detail::run_on(pool, [&fn, &result] { result.emplace(fn()); });
        co_return std::move(*result);
    }
}

// Suspends the coroutine and calls start(resume) at once. Whoever gets `resume` calls it once, from
// any thread; the coroutine then goes on on its own executor. What `start` refers to must outlive
// the await.
using Resume = std::move_only_function<void()>;
Task<void> suspend(std::move_only_function<void(Resume)> start);

// Wait. False when the wait was cut short by cancellation.
Task<bool> sleep_for(std::chrono::nanoseconds duration);

// The task's result, or kDeadlineExceeded after `limit`; the task is cancelled then, at its next
// cancellation point. An offloaded call is not interrupted: only the waiting ends... after it.
template <class T>
Task<Result<T>> with_deadline(Task<Result<T>> task, std::chrono::nanoseconds limit);

// A wake-up signal between threads and coroutines: notify() wakes all that wait at that moment, and
// a waiter that saw version v before is woken at once when the version has moved on. No wake-up is
// lost.
class Signal {
public:
    Signal();
    ~Signal();
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    std::uint64_t version() const;
    void notify();  // any thread
    // Until version() > seen or `limit` has passed. Returns the version now.
    Task<std::uint64_t> wait(std::uint64_t seen, std::chrono::nanoseconds limit);

private:
    struct State;
    std::shared_ptr<State> state_;
};

// Runs a coroutine to its end on a loop of its own. For tests and command-line tools.
void run_blocking(Task<void> task);

template <class T>
T run_task(Task<T> task) {
    if constexpr (std::is_void_v<T>) {
        run_blocking(std::move(task));
    } else {
        std::optional<T> out;
        auto wrapper = [](Task<T> inner, std::optional<T>& slot) -> Task<void> {
            slot.emplace(co_await std::move(inner));
        };
        run_blocking(wrapper(std::move(task), out));
        return std::move(*out);
    }
}

namespace detail {
// Runs `task` beside a timer; true when the task ended first.
Task<bool> race_timer(Task<void> task, std::chrono::nanoseconds limit);
}  // namespace detail

template <class T>
Task<Result<T>> with_deadline(Task<Result<T>> task, std::chrono::nanoseconds limit) {
    std::optional<Result<T>> out;
    auto wrapper = [](Task<Result<T>> inner, std::optional<Result<T>>& slot) -> Task<void> {
        slot.emplace(co_await std::move(inner));
    };
    auto wrapped = wrapper(std::move(task), out);
    const bool in_time = co_await detail::race_timer(std::move(wrapped), limit);
    if (in_time && out) co_return std::move(*out);
    co_return fail(Errc::kDeadlineExceeded, "no answer in time");
}

}  // namespace pixgate
