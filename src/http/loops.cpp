#include <pthread.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/system/system_error.hpp>
#include <csignal>

#include "base/log.h"
#include "http/loop_threads.h"

namespace pixgate::http {

namespace {

void run_loop(Loop& loop) {
    for (;;) {
        try {
            loop.io.run();
            return;
        } catch (const std::exception& error) {
            // A completion handler of ours threw: a bug, but no reason to take the other
            // connections down.
            log::error("exception on an event loop", {{"error", error.what()}});
        }
    }
}

}  // namespace

Loops::Loops(std::size_t n) : state_(std::make_unique<State>()) {
    // sendfile() has no flag against it.
    std::signal(SIGPIPE, SIG_IGN);
    for (std::size_t i = 0; i < std::max<std::size_t>(n, 1); ++i) {
        auto& loop = *state_->loops.emplace_back(std::make_unique<Loop>());
        loop.thread = std::thread([&loop] { run_loop(loop); });
        const auto name = "loop" + std::to_string(i);
        pthread_setname_np(loop.thread.native_handle(), name.c_str());
    }
}

Loops::~Loops() {
    stop();
}

std::size_t Loops::size() const {
    return state_->loops.size();
}

void Loops::spawn(std::string name, Task<void> task) {
    const auto i = state_->next++ % state_->loops.size();
    const auto on_end = [name = std::move(name)](std::exception_ptr error) {
        if (!error) return;
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& e) {
            log::error(
                "a background task ended with an exception", {{"task", name}, {"error", e.what()}}
            );
        }
    };
    boost::asio::co_spawn(state_->loops[i]->io, std::move(task), on_end);
}

void Loops::stop() {
    state_->is_running = false;
    for (auto& loop : state_->loops) {
        loop->work.reset();
        loop->io.stop();
    }
    for (auto& loop : state_->loops) {
        if (loop->thread.joinable()) loop->thread.join();
    }
}

}  // namespace pixgate::http
