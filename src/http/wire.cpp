#include "http/wire.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

namespace pixgate::http {

namespace asio = boost::asio;

Wire::Wire(Poller& poller, UniqueFd socket) : poller_(poller), socket_(std::move(socket)) {
    const int on = 1;
    ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    poller_.add(fd(), *this);
}

Wire::~Wire() {
    poller_.remove(fd(), *this);
}

Wire::Received Wire::receive(std::span<std::byte> into) {
    for (;;) {
        const auto n = ::recv(fd(), into.data(), into.size(), MSG_DONTWAIT);
        if (n > 0) {
            received_bytes_ += static_cast<std::uint64_t>(n);
            // Less than there was room for: the kernel has no more and will tell of what comes.
            reading_.is_ready = static_cast<std::size_t>(n) == into.size() || has_end_come_;
            return {Kind::kBytes, static_cast<std::size_t>(n)};
        }
        if (n == 0) return {Kind::kEnd};
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            reading_.is_ready = false;
            return {Kind::kWouldBlock};
        }
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
            if (errno != EAGAIN && errno != EWOULDBLOCK) return Sent::kBroken;
            writing_.is_ready = false;
            return Sent::kSome;
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

Wire::Sent Wire::send_file_now(int file, std::size_t n) {
    off_t offset = 0;
    for (;;) {
        const auto left = n - static_cast<std::size_t>(offset);
        if (left == 0) return Sent::kAll;
        const auto sent = ::sendfile(fd(), file, &offset, left);
        if (sent > 0) {
            sent_bytes_ += static_cast<std::uint64_t>(sent);
            continue;
        }
        if (sent < 0 && errno == EINTR) continue;
        if (sent == 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) return Sent::kBroken;
        writing_.is_ready = false;
        return Sent::kSome;
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

Task<WaitResult> Wire::wait_readable(std::chrono::milliseconds limit, FirstLook* first) {
    first_look_ = first;
    first_look_limit_ = limit;
    return wait(reading_, limit);
}
Task<WaitResult> Wire::wait_writable(std::chrono::milliseconds limit) {
    return wait(writing_, limit);
}

Task<WaitResult> Wire::wait(Direction& direction, std::chrono::milliseconds limit) {
    if (is_aborted_) co_return WaitResult::kInterrupted;
    if (direction.is_ready) co_return WaitResult::kReady;
    const bool has_deadline = limit.count() > 0;
    if (has_deadline) {
        has_timed_out_ = false;
        deadline_ = std::chrono::steady_clock::now() + limit;
    }
    auto start = [this, &direction](auto handler) {
        auto slot = asio::get_associated_cancellation_slot(handler);
        if (slot.is_connected()) {
            slot.assign([this, &direction](asio::cancellation_type) { end_wait(direction); });
        }
        direction.resume = [handler = std::move(handler), slot](WaitResult result) mutable {
            if (slot.is_connected()) slot.clear();
            std::move(handler)(result);
        };
    };
    const auto result =
        co_await asio::async_initiate<const asio::use_awaitable_t<>, void(WaitResult)>(
            start, asio::use_awaitable
        );
    if (has_deadline) deadline_ = kNoDeadline;
    if (result == WaitResult::kReady) co_return WaitResult::kReady;
    co_return has_deadline&& has_timed_out_ ? WaitResult::kTimeout : WaitResult::kInterrupted;
}

// Later and not from here: who ends a wait is in the middle of something.
void Wire::end_wait(Direction& direction) {
    if (!direction.resume) return;
    asio::post(poller_.io(), [resume = std::exchange(direction.resume, nullptr)]() mutable {
        resume(WaitResult::kInterrupted);
    });
}

void Wire::on_events(std::uint32_t events, std::chrono::steady_clock::time_point now) {
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) has_end_come_ = true;
    if ((events & EPOLLIN) != 0 || has_end_come_) reading_.is_ready = true;
    if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) writing_.is_ready = true;
    bool wakes_reader = reading_.is_ready;
    if (wakes_reader && reading_.resume && first_look_ != nullptr) {
        wakes_reader = !first_look_->take_input(now) || reading_.is_ready;
        if (first_look_limit_.count() > 0) deadline_ = now + first_look_limit_;
    }
    Resume reader;
    Resume writer;
    if (wakes_reader) reader = std::exchange(reading_.resume, nullptr);
    if (writing_.is_ready) writer = std::exchange(writing_.resume, nullptr);
    // Either may be the end of this object.
    if (reader) reader(WaitResult::kReady);
    if (writer) writer(WaitResult::kReady);
}

void Wire::drop_waits() {
    const auto reader = std::exchange(reading_.resume, nullptr);
    const auto writer = std::exchange(writing_.resume, nullptr);
}

void Wire::check_deadline(std::chrono::steady_clock::time_point now) {
    if (deadline_ > now) return;
    deadline_ = kNoDeadline;
    has_timed_out_ = true;
    interrupt();
}

void Wire::interrupt() {
    end_wait(reading_);
    end_wait(writing_);
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
