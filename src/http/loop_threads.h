// What is behind Loops. For http/*.cpp only: it brings Asio along.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "http/poller.h"
#include "http/server.h"

namespace pixgate::http {

struct Loop {
    Loop() { poller.start(); }
    ~Loop() { poller.close(); }
    Loop(const Loop&) = delete;
    Loop& operator=(const Loop&) = delete;

    // Before `io`, and so destroyed after it: what was pending there may hold connections, which
    // take themselves off the poller's list.
    Poller poller{io};
    // One thread runs it, other threads may post to it.
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()
    };
    std::thread thread;
};

struct Loops::State {
    std::vector<std::unique_ptr<Loop>> loops;
    std::atomic<std::size_t> next{0};
    std::atomic<bool> is_running{true};
};

}  // namespace pixgate::http
