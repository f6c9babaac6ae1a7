#include "imaging/sandbox/protocol.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace pixgate::imaging {
namespace {

constexpr std::size_t kMaxFds = 4;

union ControlBuffer {
    char bytes[CMSG_SPACE(sizeof(int) * kMaxFds)];
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

}  // namespace

std::optional<ParsedReply> parse_reply(
    Bytes raw, std::uint64_t id, std::uint64_t max_output_bytes
) {
    JobReply reply;
    if (raw.size() != sizeof reply) return std::nullopt;
    std::memcpy(&reply, raw.data(), sizeof reply);
    const bool is_sane = reply.magic == kProtocolMagic && reply.id == id &&
                         reply.output_bytes <= max_output_bytes &&
                         reply.refusal <= static_cast<std::uint32_t>(kLastRefusal) &&
                         reply.format <= static_cast<std::uint32_t>(kLastFormat) &&
                         reply.orientation >= 1 && reply.orientation <= 8 && reply.has_alpha <= 1;
    if (!is_sane) return std::nullopt;
    ParsedReply parsed;
    parsed.refusal = static_cast<Refusal>(reply.refusal);
    parsed.facts.format = static_cast<Format>(reply.format);
    parsed.facts.width_px = reply.width_px;
    parsed.facts.height_px = reply.height_px;
    parsed.facts.frames = reply.frames;
    parsed.facts.orientation = static_cast<std::uint8_t>(reply.orientation);
    parsed.facts.has_alpha = reply.has_alpha == 1;
    parsed.output_bytes = reply.output_bytes;
    parsed.act_result = reply.act_result;
    for (const char c : reply.detail) {
        if (c == 0) break;
        parsed.detail += c >= ' ' && c <= '~' ? c : '?';
    }
    return parsed;
}

void set_text(std::span<char> field, std::string_view text) {
    const std::size_t count = std::min(text.size(), field.size() - 1);
    std::copy_n(text.begin(), count, field.begin());
    field[count] = 0;
}

Result<void> send_message(int socket, std::span<const std::byte> data, std::span<const int> fds) {
    iovec part{const_cast<std::byte*>(data.data()), data.size()};
    ControlBuffer control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (!fds.empty() && fds.size() <= kMaxFds) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(fds.size_bytes());
        cmsghdr* c = CMSG_FIRSTHDR(&header);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(fds.size_bytes());
        std::memcpy(CMSG_DATA(c), fds.data(), fds.size_bytes());
    }
    ssize_t sent = -1;
    do {
        sent = ::sendmsg(socket, &header, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent != static_cast<ssize_t>(data.size()))
        return fail(Errc::kUnavailable, std::string("sandbox: send: ") + std::strerror(errno));
    return {};
}

Result<Message> receive_message(int socket, std::span<std::byte> buffer, std::size_t max_fds) {
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
        received = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    } while (received < 0 && errno == EINTR);
    if (received < 0)
        return fail(Errc::kUnavailable, std::string("sandbox: receive: ") + std::strerror(errno));
    Message message;
    take_descriptors(header, max_fds, message);
    // A message longer than the buffer is none of ours.
    message.bytes = (header.msg_flags & MSG_TRUNC) != 0 ? 0 : static_cast<std::size_t>(received);
    return message;
}

}  // namespace pixgate::imaging
