// Which sockets have something for us: an epoll of our own beside Asio's, edge-triggered, so that a
// connection is registered once in its life and a hot request costs no call but its recv and its
// send. Asio waits on this epoll's descriptor and runs the batch. One per event loop; everything
// on its thread. For http/*.cpp only.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/fd.h"

namespace pixgate::http {

class Poller {
public:
    class Target {
    public:
        // `events`: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR that came since the last
        // call. The target may be destroyed in it.
        virtual void on_events(std::uint32_t events, std::chrono::steady_clock::time_point now) = 0;
        // The loop has ended: whoever waits on the target is let go without being told.
        virtual void drop_waits() = 0;

    protected:
        ~Target() = default;

    private:
        friend class Poller;
        std::size_t index_ = 0;
    };

    // `io` is kept and not touched before start().
    explicit Poller(boost::asio::io_context& io);
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    boost::asio::io_context& io() { return io_; }

    // `target` hears of `fd` until it is removed. What is there already counts as new.
    void add(int fd, Target& target);
    void remove(int fd, Target& target);

    void start();
    // Once the loop's thread has ended: lets go of who waits, and of `io`. add() and remove() may
    // still be called.
    void close();

private:
    static constexpr int kBatch = 128;
    // Batches in a row before the loop's other work gets its turn.
    static constexpr int kBatchesPerTurn = 4;

    void watch();
    void run();
    void tell(int count);

    boost::asio::io_context& io_;
    UniqueFd epoll_;
    std::optional<boost::asio::posix::stream_descriptor> descriptor_;  // of a copy of epoll_
    std::array<epoll_event, kBatch> batch_{};
    int batch_next_ = 0;
    int batch_size_ = 0;
    std::vector<Target*> targets_;
};

}  // namespace pixgate::http
