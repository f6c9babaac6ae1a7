// A TCP client that sends exactly the bytes a test says, and waits with bounds.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace pixgate::test {

class RawSocket {
public:
    static constexpr std::chrono::seconds kLimit{10};

    // "127.0.0.1:8080". Check is_open().
    explicit RawSocket(std::string_view address, int receive_buffer_bytes = 0) {
        const auto colon = address.rfind(':');
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port =
            htons(static_cast<std::uint16_t>(std::stoi(std::string(address.substr(colon + 1)))));
        ::inet_pton(AF_INET, std::string(address.substr(0, colon)).c_str(), &to.sin_addr);
        UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (receive_buffer_bytes > 0) {
            ::setsockopt(
                fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes
            );
        }
        if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0)
            fd_ = std::move(fd);
    }

    bool is_open() const { return static_cast<bool>(fd_); }
    int fd() const { return fd_.get(); }

    // False where the server has closed.
    bool send(std::string_view text) {
        while (!text.empty()) {
            const auto n = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (n <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }
    void close_sending() { ::shutdown(fd_.get(), SHUT_WR); }
    void close() { fd_.reset(); }

    // Reads until the text so far contains `end`; what came (perhaps without it) at close or after
    // the limit.
    std::string read_until(std::string_view end, std::chrono::milliseconds limit = kLimit) {
        const auto until = std::chrono::steady_clock::now() + limit;
        while (seen_.find(end) == seen_.npos && read_some(until)) {
        }
        const auto at = seen_.find(end);
        const auto n = at == seen_.npos ? seen_.size() : at + end.size();
        std::string out = seen_.substr(0, n);
        seen_.erase(0, n);
        return out;
    }
    std::string read_bytes(std::size_t n, std::chrono::milliseconds limit = kLimit) {
        const auto until = std::chrono::steady_clock::now() + limit;
        while (seen_.size() < n && read_some(until)) {
        }
        std::string out = seen_.substr(0, n);
        seen_.erase(0, out.size());
        return out;
    }
    // One answer with a Content-Length (or without a body, where `is_head`): head and body.
    std::string read_answer(bool is_head = false) {
        std::string out = read_until("\r\n\r\n");
        const auto at = out.find("Content-Length: ");
        if (is_head || at == out.npos) return out;
        return out + read_bytes(std::stoul(out.substr(at + 16)));
    }
    // Everything until the server closes; nullopt where it does not within the limit.
    std::optional<std::string> read_to_end(std::chrono::milliseconds limit = kLimit) {
        const auto until = std::chrono::steady_clock::now() + limit;
        while (read_some(until)) {
        }
        if (!has_ended_) return std::nullopt;
        return std::exchange(seen_, {});
    }
    // True where the connection ended in order (FIN), not by a reset.
    bool has_ended_in_order() const { return has_ended_ && !was_reset_; }

private:
    bool read_some(std::chrono::steady_clock::time_point until) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        pollfd poll{fd_.get(), POLLIN, 0};
        if (has_ended_ || left.count() <= 0 ||
            ::poll(&poll, 1, static_cast<int>(left.count())) <= 0) {
            return false;
        }
        char buffer[65536];
        const auto n = ::recv(fd_.get(), buffer, sizeof buffer, 0);
        if (n > 0) {
            seen_.append(buffer, static_cast<std::size_t>(n));
            return true;
        }
        has_ended_ = true;
        was_reset_ = n < 0;
        return false;
    }

    UniqueFd fd_;
    std::string seen_;
    bool has_ended_ = false;
    bool was_reset_ = false;
};

}  // namespace pixgate::test
