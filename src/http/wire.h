// One TCP connection as bytes with deadlines. System calls are made at once and waiting starts only
// where the kernel has nothing for us: a hot answer costs one recv and one send. Deadlines are
// looked after by the loop's sweep (http/server.cpp) rather than by a timer each. For http/*.cpp
// only.
#pragma once

#include <sys/uio.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>

#include "base/encoding.h"
#include "base/fd.h"
#include "base/task.h"
#include "http/poller.h"

namespace pixgate::http {

enum class WaitResult : std::uint8_t {
    kReady,
    kTimeout,
    kInterrupted,  // interrupt() or abort()
};

// Has the first look at what comes in while a coroutine waits for it, without waking it.
class FirstLook {
public:
    // True: dealt with, so that the wait goes on and its limit begins anew.
    virtual bool take_input(std::chrono::steady_clock::time_point now) = 0;

protected:
    ~FirstLook() = default;
};

class Wire final : private Poller::Target {
public:
    // `socket` does not block.
    Wire(Poller& poller, UniqueFd socket);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    enum class Kind : std::uint8_t { kBytes, kWouldBlock, kEnd, kBroken };
    struct Received {
        Kind kind = Kind::kBytes;
        std::size_t n = 0;
    };
    // What is there now.
    Received receive(std::span<std::byte> into);

    // Sends all of it; the entries are used up. `limit` is the longest time without progress.
    // False: the peer is gone, too slow, or the wait was interrupted; the connection is of no more
    // use.
    Task<bool> send_all(
        std::span<iovec> pieces, std::chrono::milliseconds limit, bool has_more = false
    );
    Task<bool> send_text(std::string_view text, std::chrono::milliseconds limit);
    // The synchronous beginning of send_all: true where everything went out at once.
    enum class Sent : std::uint8_t { kAll, kSome, kBroken };
    Sent send_now(std::span<iovec>& pieces, bool has_more);
    // The first n bytes of a file in memory, as far as they go out now. kSome says nothing of how
    // many went: sent_bytes() does.
    Sent send_file_now(int file, std::size_t n);

    // Zero limit: no deadline. At most one wait with a deadline at a time.
    Task<WaitResult> wait_readable(std::chrono::milliseconds limit, FirstLook* first = nullptr);
    Task<WaitResult> wait_writable(std::chrono::milliseconds limit);
    // Before another thread writes to fd(): a wait_writable() after it ends with the first room
    // that comes from now on.
    void expect_room() { writing_.is_ready = false; }

    void check_deadline(std::chrono::steady_clock::time_point now);
    void interrupt();  // ends the waits under way
    void abort();      // and all later ones; the peer sees the connection end
    bool is_aborted() const { return is_aborted_; }
    void close_sending();

    int fd() { return socket_.get(); }
    std::uint64_t received_bytes() const { return received_bytes_; }
    std::uint64_t sent_bytes() const { return sent_bytes_; }
    void count_sent(std::uint64_t n) { sent_bytes_ += n; }

private:
    using Resume = std::move_only_function<void(WaitResult)>;
    struct Direction {
        bool is_ready = false;  // as far as we know: the kernel tells of changes only
        Resume resume;          // whoever waits
    };
    Task<WaitResult> wait(Direction& direction, std::chrono::milliseconds limit);
    void end_wait(Direction& direction);
    void on_events(std::uint32_t events, std::chrono::steady_clock::time_point now) override;
    void drop_waits() override;

    static constexpr auto kNoDeadline = std::chrono::steady_clock::time_point::max();

    Poller& poller_;
    UniqueFd socket_;
    Direction reading_;
    Direction writing_;
    FirstLook* first_look_ = nullptr;
    std::chrono::milliseconds first_look_limit_{0};
    std::chrono::steady_clock::time_point deadline_ = kNoDeadline;
    std::uint64_t received_bytes_ = 0;
    std::uint64_t sent_bytes_ = 0;
    bool has_timed_out_ = false;
    bool is_aborted_ = false;
    bool has_end_come_ = false;  // the peer sends no more, or the connection broke
};

}  // namespace pixgate::http
