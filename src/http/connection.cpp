#include "http/connection.h"

#include <sys/socket.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "base/log.h"
#include "http/response_writer.h"

namespace pixgate::http {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// Closing while the client still sends makes its system throw our answer away (RST). So we say that
// we are done, read on for a while and drop it.
constexpr std::chrono::seconds kLingerTime{5};
constexpr std::chrono::seconds kLingerTimeAtStop{1};
constexpr std::uint64_t kLingerBytes = 64 << 20;

// "127.0.0.1:51234"; empty where the peer is gone already.
std::string peer_of(int socket) {
    asio::ip::tcp::endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    if (::getpeername(socket, peer.data(), &size) < 0) return {};
    peer.resize(size);
    const auto address = peer.address().to_string();
    const auto port = std::to_string(peer.port());
    return peer.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

Response plain(unsigned status, std::string_view text) {
    auto response = text_response(status, "text/plain", std::string(text) + "\n");
    if (status == 503) response.set("Retry-After", "1");
    // Some caches keep 414 and 501 unasked: one broken request must not stand for the whole URL.
    response.set("Cache-Control", "no-store");
    response.close = true;
    return response;
}

// A body that failed on the wire decides the status, unless the handler found words for it itself.
void correct_for_body(Response& response, const Error& failure) {
    if (response.status >= 400 && response.status < 500) return;
    switch (failure.code) {
        case Errc::kDeadlineExceeded:
            response = plain(408, "the request body came too slowly");
            return;
        case Errc::kTooLarge:
            response = plain(413, "the request body is too large");
            return;
        case Errc::kCorrupt:
            response = plain(400, "broken request body");
            return;
        default:
            return;
    }
}

}  // namespace

Connection::Connection(std::shared_ptr<Server::State> server, LoopPart& part, UniqueFd socket)
    : server_(std::move(server)),
      part_(part),
      wire_(part.loop.poller, std::move(socket)),
      index_(part.connections.size()) {
    part_.connections.push_back(this);
    ++part_.n_connections;
    ++server_->n_connections;
    part_.metrics.connections().add(1);
}

Connection::~Connection() {
    Connection* last = part_.connections.back();
    part_.connections[index_] = last;
    last->index_ = index_;
    part_.connections.pop_back();
    part_.metrics.connections().add(-1);
    --part_.n_connections;
    --server_->n_connections;
    if (server_->is_stopping) server_->changed.notify();
}

void Connection::start(
    std::shared_ptr<Server::State> server, LoopPart& part, UniqueFd socket, bool is_over_limit
) {
    auto peer = peer_of(socket.get());
    if (peer.empty()) return;
    auto self = std::make_shared<Connection>(std::move(server), part, std::move(socket));
    self->peer_ = std::move(peer);
    const auto on_end = [self](std::exception_ptr error) {
        if (!error) return;
        try {
            std::rethrow_exception(error);
        } catch (const boost::system::system_error& e) {
            if (e.code() == asio::error::operation_aborted) return;
            log::error("exception in a connection", {{"peer", self->peer_}, {"error", e.what()}});
        } catch (const std::exception& e) {
            log::error("exception in a connection", {{"peer", self->peer_}, {"error", e.what()}});
        }
    };
    asio::co_spawn(
        part.loop.io, run(self, is_over_limit),
        asio::bind_cancellation_slot(self->cancel_.slot(), on_end)
    );
}

void Connection::stop_softly() {
    if (is_idle_ || is_streaming_) wire_.interrupt();
}

void Connection::abort() {
    is_aborted_ = true;
    wire_.abort();
    cancel_.emit(asio::cancellation_type::terminal);
}

Task<void> Connection::run(std::shared_ptr<Connection> self, bool is_over_limit) {
    auto next = Next::kRequest;
    if (is_over_limit) next = co_await self->refuse({503, "too many connections"});
    while (next == Next::kRequest && co_await self->has_input()) {
        next = co_await self->serve_one();
        self->count_transferred();
    }
    if (next == Next::kLinger) co_await self->linger();
}

void Connection::count_transferred() {
    const auto received = wire_.received_bytes();
    const auto sent = wire_.sent_bytes();
    part_.metrics.transferred(
        received - std::exchange(counted_received_, received),
        sent - std::exchange(counted_sent_, sent)
    );
}

// Waits for a request that is for the handler. What an idle connection holds is this coroutine and
// the socket.
Task<bool> Connection::has_input() {
    for (;;) {
        if (unsent_ && !co_await send_rest()) co_return false;
        if (turn_answers_ >= kMaxTurnAnswers) co_await let_others();
        if (std::exchange(is_for_handler_, false)) co_return true;
        if (is_gone_ || (in_.empty() && server_->is_stopping)) co_return false;
        if (!in_.empty()) {
            answer_hot_ones(steady_clock::now());
            continue;
        }
        std::string().swap(in_);
        is_idle_ = true;
        // Without a look first: between requests there is nearly always nothing yet.
        const auto waited = co_await wire_.wait_readable(server_->limits.idle_timeout, this);
        is_idle_ = false;
        if (waited != WaitResult::kReady) co_return false;
        const bool was_looked_at = !in_.empty() || unsent_ || is_gone_;
        if (!was_looked_at) take_some(steady_clock::now());
    }
}

Task<void> Connection::let_others() {
    turn_answers_ = 0;
    co_await asio::post(part_.loop.io, asio::use_awaitable);
}

// False: the client is gone.
Task<std::expected<bool, HeadRefusal>> Connection::read_head(Head& head) {
    const auto& limits = server_->limits;
    HeadParser parser({limits.max_header_bytes, limits.max_target_bytes, limits.max_fields});
    const auto end = steady_clock::now() + limits.header_timeout;
    for (;;) {
        auto parsed = parser.feed(in_, head);
        if (!parsed || *parsed) co_return parsed;
        const auto got = wire_.receive(part_.scratch);
        if (got.kind == Wire::Kind::kBytes) {
            in_ += as_text(std::span(part_.scratch).first(got.n));
            continue;
        }
        if (got.kind != Wire::Kind::kWouldBlock) co_return false;
        const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
        const auto waited =
            left.count() > 0 ? co_await wire_.wait_readable(left) : WaitResult::kTimeout;
        if (waited == WaitResult::kInterrupted) co_return false;
        if (waited == WaitResult::kTimeout) {
            co_return std::unexpected(HeadRefusal{408, "the request came too slowly"});
        }
    }
}

Task<Connection::Next> Connection::serve_one() {
    Head head;
    const auto is_read = co_await read_head(head);
    if (!is_read) co_return co_await refuse(is_read.error());
    if (!*is_read) co_return Next::kClose;
    const auto& limits = server_->limits;
    if (head.content_length.value_or(0) > limits.max_body_bytes) {
        co_return co_await refuse({413, "the request body is too large"});
    }
    const auto coding = head.fields.get("Content-Encoding");
    if (head.has_body() && !coding.empty() && !equal_ignoring_case(coding, "identity") &&
        !limits.allows_encoded_bodies) {
        co_return co_await refuse({415, "encoded request bodies are not accepted"});
    }
    Request request;
    request.method = head.method;
    request.path = head.path;
    request.query = head.query;
    request.host = head.host;
    request.fields = std::move(head.fields);
    request.content_length = head.content_length;
    request.is_chunked = head.is_chunked;
    request.peer = peer_;
    request.id = part_.next_request_id();
    co_return co_await serve(request, head);
}

Task<Connection::Next> Connection::serve(Request& request, const Head& head) {
    const auto started = steady_clock::now();
    const auto early = std::string_view(in_).substr(head.size_bytes);
    RequestBody body(wire_, part_, server_->limits, head, early);
    request.body = &body;
    Response response = co_await call_handler(request);
    part_.hot.keep(request, response);
    if (body.failure()) {
        if (body.failure()->code == Errc::kCancelled) {
            const auto took = steady_clock::now() - started;
            log_access({request.id, request.method, request.path, request.route, 499, took});
            co_return Next::kClose;
        }
        correct_for_body(response, *body.failure());
    }
    // While a stream of unknown length goes out we watch what comes in, and cannot tell the rest of
    // a body from the next request.
    const bool is_clear = body.is_finished() || !std::holds_alternative<StreamBody>(response.body);
    const bool keeps_alive = head.wants_keep_alive && !response.close && !server_->is_stopping &&
                             is_clear && body.is_worth_draining();
    const AnswerContext context{
        .is_head = head.method == "HEAD",
        .is_http_1_0 = head.is_http_1_0,
        .keeps_alive = keeps_alive,
        .request_id = request.id,
        .date = part_.date(),
    };
    std::string unread;
    ResponseWriter writer(wire_, part_, *server_);
    const bool is_whole = co_await writer.write(response, context, unread, is_streaming_);
    ++turn_answers_;
    const auto took = steady_clock::now() - started;
    part_.metrics.answered(request.route, response.status, took);
    log_access({request.id, request.method, request.path, request.route, response.status, took});
    if (!is_whole) co_return Next::kClose;
    if (!keeps_alive) {
        // Who asked for the end sends no more.
        const bool is_quiet = body.is_finished() && !head.wants_keep_alive;
        co_return is_quiet ? Next::kClose : Next::kLinger;
    }
    if (!body.is_finished() && !co_await body.drain()) co_return Next::kLinger;
    in_ = body.take_rest() + unread;
    co_return Next::kRequest;
}

Task<Response> Connection::call_handler(Request& request) {
    std::string what;
    try {
        co_return co_await server_->handler(request);
    } catch (const boost::system::system_error& error) {
        if (is_aborted_ && error.code() == asio::error::operation_aborted) throw;
        what = error.what();
    } catch (const std::exception& error) {
        what = error.what();
    }
    log::error("exception in a handler", {{"request_id", request.id}, {"error", what}});
    co_return plain(500, "Internal Server Error");
}

Task<Connection::Next> Connection::refuse(HeadRefusal refusal) {
    part_.metrics.refused(refusal.status);
    auto response = plain(refusal.status, refusal.reason);
    const std::string id = part_.next_request_id();
    log::debug(
        "request refused",
        {{"request_id", id}, {"peer", peer_}, {"status", refusal.status}, {"reason", refusal.reason}
        }
    );
    const AnswerContext context{.keeps_alive = false, .request_id = id, .date = part_.date()};
    std::string unread;
    ResponseWriter writer(wire_, part_, *server_);
    const bool is_whole = co_await writer.write(response, context, unread, is_streaming_);
    co_return is_whole ? Next::kLinger : Next::kClose;
}

Task<void> Connection::linger() {
    wire_.close_sending();
    const auto end = steady_clock::now() + (server_->is_stopping ? kLingerTimeAtStop : kLingerTime);
    for (std::uint64_t dropped = 0; dropped < kLingerBytes;) {
        const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
        if (left.count() <= 0 || is_aborted_) co_return;
        const auto got = wire_.receive(part_.scratch);
        dropped += got.n;
        if (got.kind == Wire::Kind::kEnd || got.kind == Wire::Kind::kBroken) co_return;
        if (got.kind == Wire::Kind::kWouldBlock &&
            co_await wire_.wait_readable(left) != WaitResult::kReady) {
            co_return;
        }
    }
}

void Connection::log_access(const Access& access) const {
    if (!log::is_on(log::Level::kDebug)) return;
    log::debug(
        "request", {{"request_id", access.id},
                    {"server", server_->name},
                    {"peer", peer_},
                    {"method", access.method},
                    {"path", access.path},
                    {"route", access.route},
                    {"status", access.status},
                    {"ms", std::chrono::duration<double, std::milli>(access.took).count()},
                    {"received_bytes", wire_.received_bytes() - counted_received_},
                    {"sent_bytes", wire_.sent_bytes() - counted_sent_}}
    );
}

}  // namespace pixgate::http
