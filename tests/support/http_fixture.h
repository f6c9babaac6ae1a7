// A real server on 127.0.0.1 with a router, for tests.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "http/router.h"
#include "http/server.h"
#include "tests/support/raw_socket.h"

namespace pixgate::test {

// True as soon as `condition` holds; false after `limit`.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

class TestServer {
public:
    explicit TestServer(http::Router r, http::ServerLimits limits = {}, std::size_t n_loops = 2)
        : router(std::move(r)), loops_(n_loops) {
        server.emplace(
            "test", loops_, pool_,
            [this](http::Request& request) { return router.handle(request); }, limits, metrics
        );
        auto listening = server->listen("127.0.0.1:0");
        if (!listening) throw std::runtime_error(listening.error().message);
    }
    ~TestServer() {
        stop();
        pool_.join();
    }

    void stop() {
        if (!is_stopped_) run_blocking(server->stop());
        is_stopped_ = true;
    }
    std::string address() const { return server->address(); }
    RawSocket connect() const { return RawSocket(address()); }
    // One request on a connection of its own, until the server closes.
    std::string ask(std::string_view text) const {
        auto socket = connect();
        socket.send(text);
        return socket.read_to_end().value_or("(not closed)");
    }
    // Value of a line of the metrics text, or -1.
    double metric(const std::string& line_start) const {
        const auto text = metrics.expose();
        const auto at = text.find("\n" + line_start + " ");
        return at == text.npos ? -1 : std::stod(text.substr(at + line_start.size() + 2));
    }

    http::Router router;
    Metrics metrics;

private:
    Pool pool_{"blocking", 2};
    http::Loops loops_;
    bool is_stopped_ = false;

public:
    std::optional<http::Server> server;  // goes before what it runs on
};

inline http::Handler answers(std::string text) {
    return [text](http::Request&) -> Task<http::Response> {
        co_return http::text_response(200, "text/plain", text);
    };
}

}  // namespace pixgate::test
