#include "imaging/sandbox/protocol.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

namespace pixgate::imaging {
namespace {

union ControlBuffer {
    char bytes[CMSG_SPACE(sizeof(int) * kMaxMessageFds)];
    cmsghdr aligned;
};

void take_descriptors(msghdr& header, std::size_t max_fds, Message& message) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
            UniqueFd owned(fd);
            if (message.fd_count < max_fds) message.fds.at(message.fd_count++) = std::move(owned);
        }
    }
}

// False when the time has come first.
bool poll_until(std::span<pollfd> waiting, Clock::time_point until) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        const auto ms = std::clamp<std::int64_t>(left.count(), 0, INT32_MAX);
        const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(ms));
        if (ready > 0) return true;
        if (ready == 0 && Clock::now() >= until) return false;
        if (ready < 0 && errno != EINTR) return false;
    }
}

bool wait_for(int fd, short events, Clock::time_point until) {
    pollfd waiting{fd, events, 0};
    return poll_until(std::span(&waiting, 1), until);
}

}  // namespace

void set_text(std::span<char> field, std::string_view text) {
    const std::size_t count = std::min(text.size(), field.size() - 1);
    std::copy_n(text.begin(), count, field.begin());
    field[count] = 0;
}

Result<void> send_message(
    int socket, std::span<const std::byte> data, std::span<const int> fds, Clock::time_point until
) {
    iovec part{const_cast<std::byte*>(data.data()), data.size()};
    ControlBuffer control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (!fds.empty() && fds.size() <= kMaxMessageFds) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(fds.size_bytes());
        cmsghdr* c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(c), fds.data(), fds.size_bytes());
    }
    for (;;) {
        if (::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return {};
        if (errno == EINTR) continue;
        const int error = errno;
        if (error != EAGAIN || !wait_for(socket, POLLOUT, until))
            return fail(Errc::kUnavailable, std::string("sandbox: send: ") + std::strerror(error));
    }
}

std::optional<std::size_t> wait_readable(std::span<const int> fds, Clock::time_point until) {
    std::array<pollfd, 2> waiting{};
    const auto count = std::min(fds.size(), waiting.size());
    for (std::size_t i = 0; i < count; ++i) waiting.at(i) = {fds[i], POLLIN, 0};
    if (!poll_until(std::span(waiting).first(count), until)) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i)
        if (waiting.at(i).revents != 0) return i;
    return std::nullopt;
}

namespace {

Result<Message> receive(int socket, std::span<std::byte> buffer, std::size_t max_fds, int flags) {
    iovec part{buffer.data(), buffer.size()};
    ControlBuffer control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (max_fds > 0) {
        header.msg_control = control.bytes;
        header.msg_controllen = sizeof control.bytes;
    }
    ssize_t received = -1;
    do {
        received = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | flags);
    } while (received < 0 && errno == EINTR);
    if (received < 0)
        return fail(Errc::kUnavailable, std::string("sandbox: receive: ") + std::strerror(errno));
    Message message;
    take_descriptors(header, max_fds, message);
    // A message longer than the buffer is none of ours: no message has this length.
    message.bytes = (header.msg_flags & MSG_TRUNC) != 0 ? buffer.size() + 1
                                                        : static_cast<std::size_t>(received);
    return message;
}

}  // namespace

Result<Message> receive_message(int socket, std::span<std::byte> buffer, std::size_t max_fds) {
    return receive(socket, buffer, max_fds, MSG_DONTWAIT);
}

Result<Message> await_message(int socket, std::span<std::byte> buffer, std::size_t max_fds) {
    return receive(socket, buffer, max_fds, 0);
}

}  // namespace pixgate::imaging
