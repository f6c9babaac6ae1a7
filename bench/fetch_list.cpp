// A load generator that fetches each URL of a list once, so many at a time on kept connections, and
// waits for every answer to its end. Prints the times as JSON. Threads in C++: its own work does
// not blur the tail.
//   fetch_list FILE CONNECTIONS       the file has a URL per line, all of one server
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using Clock = std::chrono::steady_clock;

struct Totals {
    std::mutex mutex;
    std::vector<double> ms;
    std::uint64_t bytes = 0;
    std::size_t errors = 0;
};

struct Target {
    std::string host, port;
    std::vector<std::string> paths;
};

Target read_list(const char* path) {
    Target target;
    std::ifstream file(path);
    for (std::string url; std::getline(file, url);) {
        const auto begin = url.find("//") + 2;
        const auto slash = url.find('/', begin);
        const auto colon = url.find(':', begin);
        if (url.empty() || slash == std::string::npos || colon > slash) continue;
        target.host = url.substr(begin, colon - begin);
        target.port = url.substr(colon + 1, slash - colon - 1);
        target.paths.push_back(url.substr(slash));
    }
    return target;
}

class Connection {
public:
    explicit Connection(const Target& target) : target_(&target) {}

    // The body's length; nothing where the answer is no 200 or the connection fails.
    std::optional<std::size_t> get(const std::string& path) {
        boost::system::error_code ec;
        if (!is_open_) {
            tcp::resolver resolver(context_);
            boost::asio::connect(socket_, resolver.resolve(target_->host, target_->port), ec);
            if (!ec) socket_.set_option(tcp::no_delay(true), ec);
            if (ec) return std::nullopt;
            is_open_ = true;
        }
        http::request<http::empty_body> request(http::verb::get, path, 11);
        request.set(http::field::host, target_->host + ":" + target_->port);
        http::write(socket_, request, ec);
        http::response_parser<http::string_body> parser;
        parser.body_limit(boost::none);
        if (!ec) http::read(socket_, buffer_, parser, ec);
        if (ec || !parser.keep_alive()) close();
        if (ec || parser.get().result() != http::status::ok) return std::nullopt;
        return parser.get().body().size();
    }

private:
    void close() {
        boost::system::error_code ignored;
        socket_.close(ignored);
        buffer_.clear();
        is_open_ = false;
    }

    const Target* target_;
    boost::asio::io_context context_;
    tcp::socket socket_{context_};
    boost::beast::flat_buffer buffer_;
    bool is_open_ = false;
};

void work(const Target& target, std::atomic<std::size_t>& next, Totals& totals) {
    Connection connection(target);
    for (;;) {
        const std::size_t i = next++;
        if (i >= target.paths.size()) return;
        const auto begin = Clock::now();
        const auto bytes = connection.get(target.paths[i]);
        const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
        const std::lock_guard lock(totals.mutex);
        totals.ms.push_back(took.count());
        totals.bytes += bytes.value_or(0);
        if (!bytes) ++totals.errors;
    }
}

double percentile(const std::vector<double>& ordered, double share) {
    const auto at = static_cast<std::size_t>(share * static_cast<double>(ordered.size()));
    return ordered[std::min(at, ordered.size() - 1)];
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const Target target = read_list(argv[1]);
    if (target.paths.empty()) return 2;
    std::atomic<std::size_t> next{0};
    Totals totals;
    const auto begin = Clock::now();
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < std::max(1, std::atoi(argv[2])); ++i)
            threads.emplace_back([&] { work(target, next, totals); });
    }
    const std::chrono::duration<double> took = Clock::now() - begin;
    std::ranges::sort(totals.ms);
    std::printf(
        "{\"requests\": %zu, \"errors\": %zu, \"per_second\": %.2f, \"p50_ms\": %.3f, "
        "\"p99_ms\": %.3f, \"max_ms\": %.3f, \"mean_kb\": %.2f}\n",
        totals.ms.size(), totals.errors, static_cast<double>(totals.ms.size()) / took.count(),
        percentile(totals.ms, 0.5), percentile(totals.ms, 0.99), totals.ms.back(),
        static_cast<double>(totals.bytes) / 1e3 / static_cast<double>(totals.ms.size())
    );
    return 0;
}
