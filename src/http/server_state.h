// What the connections of a server share: the whole (Server::State) and one part per event loop.
// Everything in a part is touched by its loop's thread only. For http/*.cpp only.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "http/head_parser.h"
#include "http/hot_answers.h"
#include "http/loop_threads.h"
#include "http/request_metrics.h"
#include "http/server.h"

namespace pixgate::http {

class Connection;

// Buffers for bodies that come faster than small reads can take them. Bounded, so that a thousand
// uploads do not hold a thousand of them: who gets none reads in small pieces.
class BodyBuffers {
public:
    static constexpr std::size_t kSmallBytes = 8 * 1024;
    static constexpr std::size_t kLargeBytes = 128 * 1024;

    struct Buffer {
        std::unique_ptr<std::byte[]> bytes;
        std::size_t size = 0;
    };
    Buffer take(bool is_large);
    void give_back(Buffer buffer);

private:
    static constexpr std::size_t kMaxLarge = 32;  // 4 MiB per loop
    static constexpr std::size_t kMaxKept = 8;

    std::vector<Buffer> kept_;
    std::size_t n_large_out_ = 0;
};

class LoopPart {
public:
    LoopPart(Loop& loop, Metrics& metrics, const std::string& server);

    std::string_view date();        // of now, for the Date field; made once a second
    std::string next_request_id();  // 16 hex digits
    void append_request_id(std::string& out);

    Loop& loop;
    RequestMetrics metrics;
    BodyBuffers buffers;
    HotAnswers hot;
    Head hot_head;                               // used again, for its memory
    std::string hot_tail;                        // likewise
    std::array<std::byte, 16 * 1024> scratch{};  // for reads that are copied or dropped at once
    std::optional<boost::asio::ip::tcp::acceptor> acceptor;
    std::vector<Connection*> connections;
    std::atomic<std::size_t> n_connections{0};  // read by other loops, to even out

private:
    std::int64_t date_second_ = -1;
    std::string date_;
    std::uint64_t id_state_ = 0;
};

struct Server::State : std::enable_shared_from_this<Server::State> {
    State(std::string n, Loops& l, Pool& p, RootHandler h, ServerLimits lim, Metrics& m);

    std::string name;
    Loops& loops;
    Pool& blocking;
    RootHandler handler;
    ServerLimits limits;
    std::vector<std::unique_ptr<LoopPart>> parts;
    boost::asio::ip::tcp::endpoint endpoint;
    std::atomic<std::size_t> n_connections{0};
    std::atomic<std::size_t> n_listening{0};
    std::atomic<bool> is_stopping{false};
    Signal changed;  // a connection or acceptor ended while stopping
};

}  // namespace pixgate::http
