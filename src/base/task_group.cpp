#include "base/task_group.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <list>

#include "base/log.h"

namespace pixgate {

namespace asio = boost::asio;

struct TaskGroup::State {
    Signal ended;
    std::list<asio::cancellation_signal> running;
};

namespace {

void log_escaped(const std::string& name, const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const boost::system::system_error& e) {
        if (e.code() == asio::error::operation_aborted) return;  // cancelled: nothing is wrong
        log::error("a task ended by an exception", {{"task", name}, {"error", e.what()}});
    } catch (const std::exception& e) {
        log::error("a task ended by an exception", {{"task", name}, {"error", e.what()}});
    } catch (...) {
        log::error("a task ended by an exception", {{"task", name}});
    }
}

}  // namespace

TaskGroup::TaskGroup() : state_(std::make_shared<State>()) {}
TaskGroup::~TaskGroup() = default;

Task<void> TaskGroup::start(std::string name, Task<void> task) {
    const auto executor = co_await asio::this_coro::executor;
    auto state = state_;
    const auto mine = state->running.emplace(state->running.end());
    auto on_end = [state, mine, name = std::move(name)](const std::exception_ptr& error) {
        if (error) log_escaped(name, error);
        state->running.erase(mine);
        state->ended.notify();
    };
    asio::co_spawn(
        executor, std::move(task), asio::bind_cancellation_slot(mine->slot(), std::move(on_end))
    );
}

std::size_t TaskGroup::running() const {
    return state_->running.size();
}

Task<bool> TaskGroup::wait_below(std::size_t n, std::chrono::nanoseconds limit) {
    auto state = state_;
    const auto until = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const auto seen = state->ended.version();
        if (state->running.size() < n) co_return true;
        const auto left = until - std::chrono::steady_clock::now();
        if (left <= std::chrono::nanoseconds::zero()) co_return false;
        co_await state->ended.wait(seen, left);
    }
}

void TaskGroup::cancel() {
    // emit() may run handlers that take themselves off the list.
    for (auto it = state_->running.begin(); it != state_->running.end();) {
        auto& signal = *it++;
        signal.emit(asio::cancellation_type::terminal);
    }
}

Task<bool> StopFlag::sleep(std::chrono::nanoseconds duration) {
    co_await signal_.wait(first_, duration);
    co_return !is_set();
}

}  // namespace pixgate
