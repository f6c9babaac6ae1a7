// A load generator for one hot URL that costs as little as it can: kept connections on one thread,
// and bodies that the kernel drops unread (MSG_TRUNC), so that on two cores the server is what is
// measured and not the copying of its answers. Prints the result as JSON.
//   hit_load HOST PORT PATH CONNECTIONS SECONDS [FIELD…]      FIELD: "If-None-Match: \"x\""
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
    int fd = -1;
    std::size_t left = 0;  // of the body
    bool in_body = false;
    Clock::time_point sent_at;
};

struct Totals {
    std::vector<float> ms;
    std::uint64_t bytes = 0;
    std::size_t errors = 0;
};

[[noreturn]] void die(const char* what) {
    std::perror(what);
    std::exit(1);
}

int connect_to(const char* host, const char* port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
    ::inet_pton(AF_INET, host, &address.sin_addr);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("connect");
    return fd;
}

void send_request(Connection& connection, const std::string& request) {
    connection.sent_at = Clock::now();
    const auto n = ::send(connection.fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (n != static_cast<ssize_t>(request.size())) die("send");
}

// The length of the body; of a 304: 0. -1: another answer, or a head that is no head.
std::ptrdiff_t body_length(std::string_view head) {
    if (head.starts_with("HTTP/1.1 304")) return 0;
    if (!head.starts_with("HTTP/1.1 200")) return -1;
    for (const char* name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
        const auto at = head.find(name);
        if (at == head.npos) continue;
        std::ptrdiff_t n = -1;
        const auto value = head.substr(at + std::string_view(name).size());
        std::from_chars(value.data(), value.data() + value.size(), n);
        return n;
    }
    return -1;
}

// True: an answer is whole.
bool take(Connection& connection, Totals& totals) {
    if (!connection.in_body) {
        std::array<char, 2048> buffer;
        const auto n = ::recv(connection.fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (n <= 0) die("recv");
        const std::string_view got(buffer.data(), static_cast<std::size_t>(n));
        const auto end = got.find("\r\n\r\n");
        const auto length = end == got.npos ? -1 : body_length(got.substr(0, end + 2));
        if (length < 0) {
            std::fprintf(stderr, "not a hit: %.200s\n", std::string(got).c_str());
            std::exit(1);
        }
        totals.bytes += static_cast<std::uint64_t>(n);
        connection.left = static_cast<std::size_t>(length) - (got.size() - end - 4);
        connection.in_body = true;
    }
    while (connection.left > 0) {
        const auto n = ::recv(connection.fd, nullptr, connection.left, MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
        if (n <= 0) die("recv");
        connection.left -= static_cast<std::size_t>(n);
        totals.bytes += static_cast<std::uint64_t>(n);
    }
    connection.in_body = false;
    return true;
}

float percentile(std::vector<float>& ms, double p) {
    const auto at =
        ms.begin() + static_cast<std::ptrdiff_t>(p * static_cast<double>(ms.size() - 1));
    std::nth_element(ms.begin(), at, ms.end());
    return *at;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 6) return 2;
    std::string request =
        "GET " + std::string(argv[3]) + " HTTP/1.1\r\nHost: " + argv[1] + ":" + argv[2] + "\r\n";
    for (int i = 6; i < argc; ++i) request += std::string(argv[i]) + "\r\n";
    request += "\r\n";
    const int poller = ::epoll_create1(0);
    std::vector<Connection> connections(static_cast<std::size_t>(std::atoi(argv[4])));
    for (auto& connection : connections) {
        connection.fd = connect_to(argv[1], argv[2]);
        epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
        ::epoll_ctl(poller, EPOLL_CTL_ADD, connection.fd, &event);
    }
    Totals totals;
    totals.ms.reserve(1 << 20);
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::seconds(std::atoi(argv[5]));
    for (auto& connection : connections) send_request(connection, request);
    std::size_t under_way = connections.size();
    std::array<epoll_event, 128> events;
    while (under_way > 0) {
        const int n = ::epoll_wait(poller, events.data(), events.size(), 10'000);
        if (n <= 0) die("no answer");
        const auto now = Clock::now();
        for (int i = 0; i < n; ++i) {
            auto& connection =
                *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (!take(connection, totals)) continue;
            totals.ms.push_back(
                std::chrono::duration<float, std::milli>(now - connection.sent_at).count()
            );
            if (now < end)
                send_request(connection, request);
            else
                --under_way;
        }
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    const auto count = totals.ms.size();
    std::printf(
        "{\"requests\": %zu, \"per_second\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"bytes\": "
        "%llu, \"errors\": 0}\n",
        count, static_cast<double>(count) / seconds, percentile(totals.ms, 0.5),
        percentile(totals.ms, 0.99), static_cast<unsigned long long>(totals.bytes)
    );
}
