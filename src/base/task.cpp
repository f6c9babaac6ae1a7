#include "base/task.h"

#include <pthread.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace pixgate {

namespace asio = boost::asio;

struct Pool::State {
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::move_only_function<void()>> queue;
    std::vector<std::thread> threads;
    bool stopping = false;
};

Pool::Pool(std::string name, std::size_t threads) : state_(std::make_unique<State>()) {
    for (std::size_t i = 0; i < threads; ++i) {
        state_->threads.emplace_back([state = state_.get()] {
            for (;;) {
                std::move_only_function<void()> work;
                {
                    std::unique_lock lock(state->mutex);
                    state->wake.wait(lock, [&] {
                        return state->stopping || !state->queue.empty();
                    });
                    if (state->queue.empty()) return;
                    work = std::move(state->queue.front());
                    state->queue.pop_front();
                }
                work();
            }
        });
        pthread_setname_np(state_->threads.back().native_handle(), name.substr(0, 15).c_str());
    }
}

Pool::~Pool() {
    join();
}

void Pool::post(std::move_only_function<void()> work) {
    {
        const std::lock_guard lock(state_->mutex);
        state_->queue.push_back(std::move(work));
    }
    state_->wake.notify_one();
}

void Pool::join() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->wake.notify_all();
    for (auto& thread : state_->threads) {
        if (thread.joinable()) thread.join();
    }
}

Task<void> detail::run_on(Pool& pool, std::move_only_function<void()> work) {
    auto initiate = [&pool](auto handler, std::move_only_function<void()> fn) {
        auto executor = asio::get_associated_executor(handler);
        auto guard = asio::prefer(executor, asio::execution::outstanding_work.tracked);
        pool.post([handler = std::move(handler), fn = std::move(fn), guard]() mutable {
            std::exception_ptr error;
            try {
                fn();
            } catch (...) {
                error = std::current_exception();
            }
            asio::post(guard, [handler = std::move(handler), error]() mutable {
                std::move(handler)(error);
            });
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr)>(
        initiate, asio::use_awaitable, std::move(work)
    );
}

Task<void> suspend(std::move_only_function<void(Resume)> start) {
    auto initiate = [](auto handler, std::move_only_function<void(Resume)> fn) {
        auto executor = asio::get_associated_executor(handler);
        auto guard = asio::prefer(executor, asio::execution::outstanding_work.tracked);
        fn([handler = std::move(handler), guard]() mutable {
            asio::post(guard, std::move(handler));
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        initiate, asio::use_awaitable, std::move(start)
    );
}

Task<bool> sleep_for(std::chrono::nanoseconds duration) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(duration));
    boost::system::error_code ec;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    co_return !ec;
}

Task<bool> detail::race_timer(Task<void> task, std::chrono::nanoseconds limit) {
    using namespace asio::experimental::awaitable_operators;
    // The operator waits for the first that succeeds: what is thrown would be held back until the
    // limit, and lost.
    std::exception_ptr error;
    auto guarded = [](Task<void> inner, std::exception_ptr& thrown) -> Task<void> {
        try {
            co_await std::move(inner);
        } catch (...) {
            thrown = std::current_exception();
        }
    };
    auto work = guarded(std::move(task), error);
    auto timer = sleep_for(limit);
    const auto winner = co_await (std::move(work) || std::move(timer));
    const bool is_in_time = winner.index() == 0;
    if (is_in_time && error) std::rethrow_exception(error);
    co_return is_in_time;
}

struct Signal::State {
    mutable std::mutex mutex;
    std::uint64_t version = 1;
    std::list<std::shared_ptr<asio::steady_timer>> waiting;

    // However a wait ends, also by an exception or with its loop: a timer left in the list would
    // outlive the loop it belongs to.
    struct Leaving {
        State& state;
        std::shared_ptr<asio::steady_timer> timer;
        ~Leaving() {
            const std::lock_guard lock(state.mutex);
            state.waiting.remove(timer);
        }
    };
};

Signal::Signal() : state_(std::make_shared<State>()) {}
Signal::~Signal() = default;

std::uint64_t Signal::version() const {
    const std::lock_guard lock(state_->mutex);
    return state_->version;
}

void Signal::notify() {
    std::list<std::shared_ptr<asio::steady_timer>> woken;
    {
        const std::lock_guard lock(state_->mutex);
        ++state_->version;
        woken.swap(state_->waiting);
    }
    for (auto& timer : woken) {
        // A timer belongs to its loop's thread: cancel it there.
        asio::post(timer->get_executor(), [timer] { timer->cancel(); });
    }
}

Task<std::uint64_t> Signal::wait(std::uint64_t seen, std::chrono::nanoseconds limit) {
    auto state = state_;
    auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor);
    timer->expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(limit));
    {
        const std::lock_guard lock(state->mutex);
        if (state->version > seen) co_return state->version;
        state->waiting.push_back(timer);
    }
    const State::Leaving leaving{*state, timer};
    boost::system::error_code ec;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ec));
    std::uint64_t now = 0;
    {
        const std::lock_guard lock(state->mutex);
        now = state->version;
    }
    co_return now;
}

namespace {

// The thread whose post ends a run may still be inside that post when the run is over, so a loop is
// never destroyed: the next run takes it from this shelf.
class LoopShelf {
public:
    std::unique_ptr<asio::io_context> take() {
        const std::lock_guard lock(mutex_);
        if (loops_.empty()) return std::make_unique<asio::io_context>(1);
        auto loop = std::move(loops_.back());
        loops_.pop_back();
        return loop;
    }
    void give_back(std::unique_ptr<asio::io_context> loop) {
        loop->restart();
        const std::lock_guard lock(mutex_);
        loops_.push_back(std::move(loop));
    }

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<asio::io_context>> loops_;
};

LoopShelf& shelf() {
    static auto* const kShelf = new LoopShelf;
    return *kShelf;
}

}  // namespace

void run_blocking(Task<void> task) {
    auto loop = shelf().take();
    std::exception_ptr error;
    asio::co_spawn(*loop, std::move(task), [&error](std::exception_ptr e) { error = e; });
    loop->run();
    shelf().give_back(std::move(loop));
    if (error) std::rethrow_exception(error);
}

}  // namespace pixgate
