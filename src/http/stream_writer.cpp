#include "http/stream_writer.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/system/system_error.hpp>

#include "base/log.h"

namespace pixgate::http {

namespace {
// More than this unread from the client: it pipelines. It is let be, at the price of noticing its
// end late.
constexpr std::size_t kMaxUnreadBytes = 16 * 1024;
}  // namespace

Task<bool> StreamWriter::send_piece(ByteView piece) {
    is_inside_piece_ = true;
    bool is_sent = false;
    if (is_chunked_) {
        std::array<char, 24> size{};
        const auto end = fmt::format_to(size.data(), "{:x}\r\n", piece.size());
        std::array<iovec, 3> parts{
            iovec{size.data(), static_cast<std::size_t>(end - size.data())},
            iovec{const_cast<std::byte*>(piece.data()), piece.size()},
            iovec{const_cast<char*>("\r\n"), 2},
        };
        is_sent = co_await wire_.send_all(parts, server_.limits.write_timeout);
    } else {
        is_sent = co_await wire_.send_text(as_text(piece), server_.limits.write_timeout);
    }
    if (is_sent) is_inside_piece_ = false;
    co_return is_sent;
}

Task<void> StreamWriter::pump_all(BodySource& body) {
    for (;;) {
        const auto piece = co_await body.next();
        if (!piece) {
            log::failure(log::Level::kWarning, "a response stream broke off", piece.error());
            has_failed_ = true;
            co_return;
        }
        if (piece->empty()) {
            has_ended_ = true;
            co_return;
        }
        if (!co_await send_piece(*piece)) {
            has_failed_ = true;
            co_return;
        }
    }
}

Task<void> StreamWriter::pump(BodySource& body) {
    try {
        co_await pump_all(body);
    } catch (const boost::system::system_error& error) {
        // Cancelled by watch() is the usual way out of an event stream.
        if (error.code() != boost::asio::error::operation_aborted) {
            has_failed_ = true;
            log::error("exception in a response stream", {{"error", error.what()}});
        }
    } catch (const std::exception& error) {
        has_failed_ = true;
        log::error("exception in a response stream", {{"error", error.what()}});
    }
}

// Returns when the client is gone or the stream should end; else it is cancelled at the stream's
// end.
Task<void> StreamWriter::watch(std::string& unread, bool may_end_early) {
    for (;;) {
        if (may_end_early && server_.is_stopping) co_return;
        const auto waited = co_await wire_.wait_readable(std::chrono::milliseconds(0));
        if (wire_.is_aborted()) co_return;
        // A stop, which is not for us, or the end of the stream, which the next wait notices.
        if (waited != WaitResult::kReady) continue;
        const auto got = wire_.receive(part_.scratch);
        if (got.kind == Wire::Kind::kEnd || got.kind == Wire::Kind::kBroken) {
            is_peer_gone_ = true;
            co_return;
        }
        if (got.kind == Wire::Kind::kBytes) {
            unread += as_text(std::span(part_.scratch).first(got.n));
        }
        if (unread.size() > kMaxUnreadBytes) co_await sleep_for(std::chrono::hours(24 * 365));
    }
}

Task<bool> StreamWriter::run(BodySource& body, std::string& unread, bool may_end_early) {
    using namespace boost::asio::experimental::awaitable_operators;
    auto sending = pump(body);
    auto watching = watch(unread, may_end_early);
    co_await (std::move(sending) || std::move(watching));
    if (has_failed_ || is_peer_gone_ || is_inside_piece_) co_return false;
    if (!has_ended_ && !(may_end_early && server_.is_stopping)) co_return false;
    if (!is_chunked_) co_return false;  // its end is the end of the connection
    co_return co_await wire_.send_text("0\r\n\r\n", server_.limits.write_timeout);
}

}  // namespace pixgate::http
