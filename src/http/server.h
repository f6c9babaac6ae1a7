// The HTTP/1.1 server: one event loop per core, each with its own SO_REUSEPORT acceptor; strict
// parsing; limits and timeouts on everything a stranger sends.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/task.h"
#include "http/message.h"

namespace pixgate::http {

// The event loops, one thread each. Servers and background coroutines run on them. Stop servers,
// join pools and end other threads that post here before destroying it.
class Loops {
public:
    explicit Loops(std::size_t n);
    ~Loops();
    Loops(const Loops&) = delete;
    Loops& operator=(const Loops&) = delete;

    std::size_t size() const;
    // Start a coroutine on a loop (round robin). An escaped exception is logged. It takes values or
    // shared pointers: it outlives the caller.
    void spawn(std::string name, Task<void> task);
    void stop();  // ends the loops at once; call after servers and background work have stopped
    struct State;
    State& state() { return *state_; }

private:
    std::unique_ptr<State> state_;
};

struct ServerLimits {
    std::size_t max_header_bytes = 16 * 1024;          // request line and fields; over it 431
    std::size_t max_target_bytes = 8 * 1024;           // request target; over it 414
    std::size_t max_fields = 100;                      // over it 431
    std::uint64_t max_body_bytes = 5ULL << 30;         // S3's limit for one PUT; over it 413
    std::size_t max_connections = 12'000;              // over it 503 with Retry-After, then close
    std::chrono::milliseconds header_timeout{10'000};  // from the first byte to the end of the head
    std::chrono::milliseconds idle_timeout{75'000};    // between requests
    std::chrono::milliseconds body_timeout{30'000};    // in which min_body_bytes must arrive
    std::size_t min_body_bytes = 30 * 1024;            // 1 KiB/s; slower senders get 408
    std::chrono::milliseconds write_timeout{30'000};   // without progress while sending
    // Content-Encoding on a request body: refused (415), as nothing of ours inflates one. A store
    // keeps it as a fact about the object and allows it.
    bool allows_encoded_bodies = false;
    std::chrono::milliseconds drain_timeout{10'000
    };  // graceful stop: in-flight requests must end in this
};

using RootHandler =
    std::function<Task<Response>(Request&)>;  // Router::handle, or the store's own dispatch

// Destroy it before its loops, pool and metrics. Where stop() was not called the destructor does
// it, and waits.
class Server {
public:
    // `name` labels metrics ("api", "store").
    Server(
        std::string name,
        Loops& loops,
        Pool& blocking,
        RootHandler handler,
        ServerLimits limits,
        Metrics& metrics
    );
    ~Server();

    // "127.0.0.1:8080", "[::1]:0", "localhost:0"; port 0 takes a free one. Errors say what is in
    // use.
    Result<void> listen(std::string_view address);
    std::string address() const;  // "127.0.0.1:40123", after listen()

    // Accept no more, let in-flight requests end (bounded by drain_timeout), close. Event streams
    // end at once, in good order: browsers come back by themselves. The handler is not called after
    // it.
    Task<void> stop();

    struct State;

private:
    std::shared_ptr<State> state_;
};

}  // namespace pixgate::http
