// One TCP connection as bytes with deadlines. System calls are made at once and waiting starts only
// where the kernel has nothing for us: a hot answer costs one recvmsg and one sendmsg. Deadlines
// are looked after by the loop's sweep (http/server.cpp) rather than by a timer each. For
// http/*.cpp only.
#pragma once

#include <sys/uio.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <span>

#include "base/encoding.h"
#include "base/task.h"

namespace pixgate::http {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

enum class WaitResult : std::uint8_t {
    kReady,
    kTimeout,
    kInterrupted,  // interrupt() or abort()
};

class Wire {
public:
    explicit Wire(Socket socket);

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

    // Zero limit: no deadline. At most one wait with a deadline at a time.
    Task<WaitResult> wait_readable(std::chrono::milliseconds limit);
    Task<WaitResult> wait_writable(std::chrono::milliseconds limit);

    void check_deadline(std::chrono::steady_clock::time_point now);
    void interrupt();  // ends the waits under way
    void abort();      // and all later ones; the peer sees the connection end
    bool is_aborted() const { return is_aborted_; }
    void close_sending();

    int fd() { return socket_.native_handle(); }
    std::uint64_t received_bytes() const { return received_bytes_; }
    std::uint64_t sent_bytes() const { return sent_bytes_; }
    void count_sent(std::uint64_t n) { sent_bytes_ += n; }

private:
    Task<WaitResult> wait(Socket::wait_type type, std::chrono::milliseconds limit);

    static constexpr auto kNoDeadline = std::chrono::steady_clock::time_point::max();

    Socket socket_;
    std::chrono::steady_clock::time_point deadline_ = kNoDeadline;
    std::uint64_t received_bytes_ = 0;
    std::uint64_t sent_bytes_ = 0;
    bool has_timed_out_ = false;
    bool is_aborted_ = false;
};

}  // namespace pixgate::http
