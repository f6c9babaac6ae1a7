#include "http/server.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/clock.h"
#include "base/ids.h"
#include "base/log.h"
#include "http/connection.h"
#include "http/server_state.h"

namespace pixgate::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// Connections over the limit that are told so; beyond these they are closed without a word.
constexpr std::size_t kMaxToldOverLimit = 256;
constexpr int kAcceptsPerWakeup = 64;

using StatePtr = std::shared_ptr<Server::State>;

// The loop with the fewest connections: the kernel spreads them by hash, which is uneven where they
// are few and long-lived.
LoopPart& least_loaded(Server::State& server, LoopPart& here) {
    LoopPart* best = &here;
    for (const auto& part : server.parts) {
        if (part->n_connections + 1 < best->n_connections) best = part.get();
    }
    return *best;
}

void adopt(const StatePtr& server, LoopPart& part, UniqueFd fd) {
    if (server->is_stopping) return;
    const auto n = server->n_connections.load();
    if (n >= server->limits.max_connections + kMaxToldOverLimit) return;
    Connection::start(server, part, std::move(fd), n >= server->limits.max_connections);
}

// True: wait for more. False: the process is out of something; give it time.
bool accept_some(const StatePtr& server, LoopPart& part) {
    for (int i = 0; i < kAcceptsPerWakeup; ++i) {
        UniqueFd fd(::accept4(
            part.acceptor->native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC
        ));
        if (!fd) {
            if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
            if (errno == EINTR || errno == ECONNABORTED || errno == EPROTO) continue;
            log::warning(
                "cannot accept", {{"server", server->name}, {"error", std::strerror(errno)}}
            );
            return false;
        }
        LoopPart& target = least_loaded(*server, part);
        if (&target == &part) {
            adopt(server, part, std::move(fd));
        } else {
            asio::post(target.loop.io, [server, &target, fd = std::move(fd)]() mutable {
                adopt(server, target, std::move(fd));
            });
        }
    }
    return true;
}

Task<void> accept_all(StatePtr server, LoopPart& part) {
    while (!server->is_stopping) {
        boost::system::error_code ec;
        co_await part.acceptor->async_wait(
            tcp::acceptor::wait_read, asio::redirect_error(asio::use_awaitable, ec)
        );
        if (server->is_stopping || !part.acceptor) break;
        if (ec || !accept_some(server, part)) co_await sleep_for(milliseconds(100));
    }
}

// Looks after the deadlines of all connections of a part.
Task<void> sweep(StatePtr server, LoopPart& part) {
    const auto& l = server->limits;
    const auto shortest =
        std::min({l.header_timeout, l.idle_timeout, l.body_timeout, l.write_timeout});
    const auto tick = std::clamp(shortest / 10, milliseconds(10), milliseconds(500));
    while (!server->is_stopping || !part.connections.empty()) {
        co_await sleep_for(tick);
        const auto now = steady_clock::now();
        for (Connection* connection : part.connections) connection->check_deadline(now);
    }
}

void stop_part(const StatePtr& server, LoopPart& part) {
    if (part.acceptor) {
        part.acceptor.reset();
        --server->n_listening;
    }
    for (Connection* connection : part.connections) connection->stop_softly();
    server->changed.notify();
}

void on_every_part(const StatePtr& server, void (*what)(const StatePtr&, LoopPart&)) {
    for (const auto& part : server->parts) {
        asio::post(part->loop.io, [server, what, &part = *part] { what(server, part); });
    }
}

// True where all has ended in time.
Task<bool> wait_until_idle(const StatePtr& server, milliseconds limit) {
    const auto end = steady_clock::now() + limit;
    for (;;) {
        const auto seen = server->changed.version();
        if (server->n_connections == 0 && server->n_listening == 0) co_return true;
        const auto left = end - steady_clock::now();
        if (left.count() <= 0) co_return false;
        co_await server->changed.wait(seen, left);
    }
}

Result<tcp::endpoint> parse_address(std::string_view text) {
    const auto colon = text.rfind(':');
    const auto bad = [&] {
        return fail(
            Errc::kInvalidArgument, fmt::format("not an address to listen on: \"{}\"", text)
        );
    };
    if (colon == text.npos) return bad();
    const auto digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) return bad();
    std::string host(text.substr(0, colon));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host == "localhost") host = "127.0.0.1";
    boost::system::error_code ec;
    const auto address = asio::ip::make_address(host, ec);
    if (ec) return bad();
    return tcp::endpoint(address, port);
}

// With SO_REUSEPORT a second process of the same user would share the port in silence: look first.
Result<void> check_free(const tcp::endpoint& endpoint) {
    asio::io_context io(1);
    tcp::acceptor probe(io);
    boost::system::error_code ec;
    probe.open(endpoint.protocol(), ec);
    if (!ec) probe.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) probe.bind(endpoint, ec);
    if (!ec) return {};
    const auto address = fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
    if (ec == asio::error::address_in_use) {
        return fail(Errc::kUnavailable, address + " is in use by another process");
    }
    return fail(Errc::kUnavailable, "cannot listen on " + address + ": " + ec.message());
}

Result<tcp::acceptor> open_acceptor(asio::io_context& io, const tcp::endpoint& endpoint) {
    using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
    tcp::acceptor acceptor(io);
    boost::system::error_code ec;
    acceptor.open(endpoint.protocol(), ec);
    if (!ec) acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
    if (!ec) acceptor.set_option(ReusePort(true), ec);
    if (!ec) acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(4096, ec);
    if (!ec) acceptor.native_non_blocking(true, ec);
    if (ec) return fail(Errc::kUnavailable, "cannot listen: " + ec.message());
    return acceptor;
}

}  // namespace

BodyBuffers::Buffer BodyBuffers::take(bool is_large) {
    if (!is_large || n_large_out_ >= kMaxLarge) {
        return {std::make_unique_for_overwrite<std::byte[]>(kSmallBytes), kSmallBytes};
    }
    ++n_large_out_;
    if (kept_.empty())
        return {std::make_unique_for_overwrite<std::byte[]>(kLargeBytes), kLargeBytes};
    auto buffer = std::move(kept_.back());
    kept_.pop_back();
    return buffer;
}

void BodyBuffers::give_back(Buffer buffer) {
    if (buffer.size != kLargeBytes) return;
    --n_large_out_;
    if (kept_.size() < kMaxKept) kept_.push_back(std::move(buffer));
}

LoopPart::LoopPart(Loop& l, Metrics& m, const std::string& server) : loop(l), metrics(m, server) {
    fill_random(std::as_writable_bytes(std::span(&id_state_, 1)));
}

std::string_view LoopPart::date() {
    const auto now = SystemClock().now();
    const auto second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (second != date_second_) {
        date_ = format_http_date(now);
        date_second_ = second;
    }
    return date_;
}

// Splitmix64: ids need to be different from each other, not secret.
void LoopPart::append_request_id(std::string& out) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::uint64_t z = (id_state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[(z >> shift) & 15];
}

std::string LoopPart::next_request_id() {
    std::string id;
    append_request_id(id);
    return id;
}

Server::State::State(std::string n, Loops& l, Pool& p, RootHandler h, ServerLimits lim, Metrics& m)
    : name(std::move(n)), loops(l), blocking(p), handler(std::move(h)), limits(lim) {
    for (auto& loop : l.state().loops) parts.push_back(std::make_unique<LoopPart>(*loop, m, name));
}

Server::Server(
    std::string name,
    Loops& loops,
    Pool& blocking,
    RootHandler handler,
    ServerLimits limits,
    Metrics& metrics
)
    : state_(std::make_shared<State>(
          std::move(name), loops, blocking, std::move(handler), limits, metrics
      )) {}

Server::~Server() {
    if (!state_->loops.state().is_running) {
        for (auto& part : state_->parts) part->acceptor.reset();
    } else if (!state_->is_stopping) {
        run_blocking(stop());
    }
}

Result<void> Server::listen(std::string_view address) {
    TRY(tcp::endpoint endpoint, parse_address(address));
    if (endpoint.port() != 0) CHECK_OK(check_free(endpoint));
    for (auto& part : state_->parts) {
        auto acceptor = open_acceptor(part->loop.io, endpoint);
        if (!acceptor) {
            for (auto& opened : state_->parts) opened->acceptor.reset();
            return std::unexpected(acceptor.error());
        }
        // The first one picks the port, where it is ours to pick; the others join it.
        endpoint = acceptor->local_endpoint();
        part->acceptor.emplace(std::move(*acceptor));
    }
    state_->endpoint = endpoint;
    state_->n_listening = state_->parts.size();
    for (auto& part : state_->parts) {
        asio::co_spawn(part->loop.io, accept_all(state_, *part), asio::detached);
        asio::co_spawn(part->loop.io, sweep(state_, *part), asio::detached);
    }
    return {};
}

std::string Server::address() const {
    const auto& endpoint = state_->endpoint;
    const auto host = endpoint.address().to_string();
    return endpoint.address().is_v6() ? fmt::format("[{}]:{}", host, endpoint.port())
                                      : fmt::format("{}:{}", host, endpoint.port());
}

Task<void> Server::stop() {
    const auto server = state_;
    server->is_stopping = true;
    on_every_part(server, stop_part);
    if (co_await wait_until_idle(server, server->limits.drain_timeout)) co_return;
    log::warning(
        "requests did not end in time and are cut off",
        {{"server", server->name}, {"connections", server->n_connections.load()}}
    );
    on_every_part(server, [](const StatePtr&, LoopPart& part) {
        for (Connection* connection : part.connections) connection->abort();
    });
    // What a pool thread is doing cannot be cut off.
    co_await wait_until_idle(server, std::chrono::seconds(5));
}

}  // namespace pixgate::http
