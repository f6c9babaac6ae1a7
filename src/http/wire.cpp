#include "http/wire.h"

#include <sys/socket.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

namespace pixgate::http {

namespace asio = boost::asio;

Wire::Wire(Socket socket) : socket_(std::move(socket)) {
    boost::system::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

Wire::Received Wire::receive(std::span<std::byte> into) {
    for (;;) {
        const auto n = ::recv(fd(), into.data(), into.size(), MSG_DONTWAIT);
        if (n > 0) {
            received_bytes_ += static_cast<std::uint64_t>(n);
            return {Kind::kBytes, static_cast<std::size_t>(n)};
        }
        if (n == 0) return {Kind::kEnd};
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {Kind::kWouldBlock};
        if (errno != EINTR) return {Kind::kBroken};
    }
}

Wire::Sent Wire::send_now(std::span<iovec>& pieces, bool has_more) {
    for (;;) {
        while (!pieces.empty() && pieces.front().iov_len == 0) pieces = pieces.subspan(1);
        if (pieces.empty()) return Sent::kAll;
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = pieces.size();
        const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (has_more ? MSG_MORE : 0);
        const auto n = ::sendmsg(fd(), &message, flags);
        if (n < 0) {
            if (errno == EINTR) continue;
            return errno == EAGAIN || errno == EWOULDBLOCK ? Sent::kSome : Sent::kBroken;
        }
        auto left = static_cast<std::size_t>(n);
        sent_bytes_ += left;
        while (left > 0) {
            iovec& first = pieces.front();
            const auto used = std::min(left, first.iov_len);
            first.iov_base = static_cast<char*>(first.iov_base) + used;
            first.iov_len -= used;
            left -= used;
            if (first.iov_len == 0) pieces = pieces.subspan(1);
        }
    }
}

Task<bool> Wire::send_all(std::span<iovec> pieces, std::chrono::milliseconds limit, bool has_more) {
    for (;;) {
        const auto sent = send_now(pieces, has_more);
        if (sent != Sent::kSome) co_return sent == Sent::kAll;
        if (co_await wait_writable(limit) != WaitResult::kReady) co_return false;
    }
}

Task<bool> Wire::send_text(std::string_view text, std::chrono::milliseconds limit) {
    iovec piece{const_cast<char*>(text.data()), text.size()};
    co_return co_await send_all({&piece, 1}, limit);
}

Task<WaitResult> Wire::wait_readable(std::chrono::milliseconds limit) {
    return wait(Socket::wait_read, limit);
}
Task<WaitResult> Wire::wait_writable(std::chrono::milliseconds limit) {
    return wait(Socket::wait_write, limit);
}

Task<WaitResult> Wire::wait(Socket::wait_type type, std::chrono::milliseconds limit) {
    if (is_aborted_) co_return WaitResult::kInterrupted;
    const bool has_deadline = limit.count() > 0;
    if (has_deadline) {
        has_timed_out_ = false;
        deadline_ = std::chrono::steady_clock::now() + limit;
    }
    boost::system::error_code ec;
    co_await socket_.async_wait(type, asio::redirect_error(asio::use_awaitable, ec));
    if (has_deadline) deadline_ = kNoDeadline;
    if (!ec) co_return WaitResult::kReady;
    co_return has_deadline&& has_timed_out_ ? WaitResult::kTimeout : WaitResult::kInterrupted;
}

void Wire::check_deadline(std::chrono::steady_clock::time_point now) {
    if (deadline_ > now) return;
    deadline_ = kNoDeadline;
    has_timed_out_ = true;
    interrupt();
}

void Wire::interrupt() {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

void Wire::abort() {
    is_aborted_ = true;
    ::shutdown(fd(), SHUT_RDWR);
    interrupt();
}

void Wire::close_sending() {
    ::shutdown(fd(), SHUT_WR);
}

}  // namespace pixgate::http
