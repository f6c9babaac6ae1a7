// Answers from files and streams, clients that leave, and servers that stop.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>

#include "tests/support/http_fixture.h"

namespace pixgate::http {
namespace {

using namespace std::chrono_literals;
using test::answers;
using test::eventually;
using test::TestServer;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kGetClose = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

std::string body_of(std::string_view answer) {
    const auto at = answer.find("\r\n\r\n");
    return at == answer.npos ? "(no body)" : std::string(answer.substr(at + 4));
}
bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

Router serving(Handler handler) {
    Router router;
    router.add("GET", "/", std::move(handler));
    return router;
}

std::string pattern(std::size_t n) {
    std::string text(n, ' ');
    for (std::size_t i = 0; i < n; ++i) text[i] = static_cast<char>('a' + i % 25);
    return text;
}

UniqueFd file_with(std::string_view text) {
    UniqueFd fd(::memfd_create("test", MFD_CLOEXEC));
    EXPECT_EQ(::write(fd.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    return fd;
}

// Gives `n` pieces, waiting before each; then ends, or fails where asked to.
class Pieces : public BodySource {
public:
    Pieces(int n, std::string piece, std::chrono::milliseconds wait, bool fails = false)
        : left_(n), piece_(std::move(piece)), wait_(wait), fails_(fails) {}
    ~Pieces() override {
        if (gone) gone->store(true);
    }
    Task<Result<ByteView>> next() override {
        if (left_-- <= 0) {
            if (fails_) co_return fail(Errc::kCorrupt, "broken");
            co_return ByteView{};
        }
        if (wait_.count() > 0) co_await sleep_for(wait_);
        co_return as_bytes(piece_);
    }
    std::optional<std::uint64_t> length() const override { return known_length; }

    std::optional<std::uint64_t> known_length;
    std::atomic<bool>* gone = nullptr;

private:
    int left_;
    std::string piece_;
    std::chrono::milliseconds wait_;
    bool fails_;
};

Handler event_stream(std::atomic<bool>& gone) {
    return [&gone](Request&) -> Task<Response> {
        Response response(200);
        response.set("Content-Type", "text/event-stream");
        auto events = std::make_unique<Pieces>(1000, "data: x\n\n", 1h);
        events->gone = &gone;
        response.body = std::move(events);
        co_return response;
    };
}

TEST(ServerFileBody, SmallAndLargeFilesArriveWhole) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{65536}, std::size_t{9'000'001}}) {
        const auto text = pattern(size);
        const TestServer server(serving([text](Request&) -> Task<Response> {
            Response response(200);
            response.body = FileBody{file_with("skip" + text + "tail"), 4, text.size()};
            co_return response;
        }));
        auto socket = server.connect();
        for (int i = 0; i < 2; ++i) {
            socket.send(kGet);
            EXPECT_EQ(body_of(socket.read_answer()), text) << size;
        }
    }
}

TEST(ServerFileBody, AFileShorterThanSaidEndsTheConnection) {
    for (const std::size_t size : {std::size_t{100}, std::size_t{1'000'000}}) {
        const TestServer server(serving([size](Request&) -> Task<Response> {
            Response response(200);
            response.body = FileBody{file_with("short"), 0, size};
            co_return response;
        }));
        EXPECT_LT(body_of(server.ask(kGet)).size(), size);
    }
}

TEST(ServerSharedBody, APrebuiltHeadGetsDateAndExtraFields) {
    const auto head =
        std::make_shared<const std::string>("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: 1\r\n");
    const auto body = std::make_shared<const std::string>("abc");
    const TestServer server(serving([=](Request&) -> Task<Response> {
        Response response(200);
        response.prebuilt_head = head;
        response.body = body;
        response.set("X-B", "2");
        co_return response;
    }));
    const auto answer = server.ask(kGetClose);
    EXPECT_TRUE(answer.starts_with(*head)) << answer;
    EXPECT_TRUE(contains(answer, "\r\nX-B: 2\r\n"));
    EXPECT_TRUE(contains(answer, "\r\nDate: "));
    EXPECT_EQ(answer.find("Content-Length"), answer.rfind("Content-Length"));
    EXPECT_EQ(body_of(answer), "abc");
    const auto head_answer = server.ask("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(contains(head_answer, "Content-Length: 3\r\n"));
    EXPECT_EQ(body_of(head_answer), "");
}

TEST(ServerStatus, NotModifiedAndNoContentHaveNoBody) {
    for (const unsigned status : {204U, 304U}) {
        const TestServer server(serving([status](Request&) -> Task<Response> {
            auto response = text_response(status, "text/plain", "must not be sent");
            if (status == 304) response.announced_length = 77;
            co_return response;
        }));
        auto socket = server.connect();
        for (int i = 0; i < 2; ++i) {
            socket.send(kGet);
            const auto answer = socket.read_answer(true);
            EXPECT_TRUE(contains(answer, " " + std::to_string(status) + " "));
            EXPECT_EQ(contains(answer, "Content-Length: 77"), status == 304);
        }
    }
}

TEST(ServerStream, UnknownLengthIsChunkedAndKeepsTheConnection) {
    const TestServer server(serving([](Request&) -> Task<Response> {
        Response response(200);
        response.body = std::make_unique<Pieces>(3, "0123456789abcdef0", 0ms);
        co_return response;
    }));
    auto socket = server.connect();
    for (int i = 0; i < 2; ++i) {
        socket.send(kGet);
        EXPECT_TRUE(contains(socket.read_until("\r\n\r\n"), "Transfer-Encoding: chunked"));
        const std::string piece = "11\r\n0123456789abcdef0\r\n";
        EXPECT_EQ(socket.read_until("\r\n0\r\n\r\n"), piece + piece + piece + "0\r\n\r\n");
    }
    EXPECT_EQ(body_of(server.ask("GET / HTTP/1.0\r\n\r\n")).size(), 51U);
}

TEST(ServerStream, KnownLengthGoesWithContentLength) {
    const TestServer server(serving([](Request&) -> Task<Response> {
        Response response(200);
        auto body = std::make_unique<Pieces>(3, "0123456789", 0ms);
        body->known_length = 30;
        response.body = std::move(body);
        co_return response;
    }));
    auto socket = server.connect();
    for (int i = 0; i < 2; ++i) {
        socket.send(kGet);
        EXPECT_EQ(body_of(socket.read_answer()), "012345678901234567890123456789");
    }
}

TEST(ServerStream, AFailureInTheMiddleCutsTheConnection) {
    for (const bool has_length : {false, true}) {
        const TestServer server(serving([has_length](Request&) -> Task<Response> {
            Response response(200);
            auto body = std::make_unique<Pieces>(3, "0123456789", 0ms, true);
            if (has_length) body->known_length = 50;
            response.body = std::move(body);
            co_return response;
        }));
        const auto answer = server.ask(kGet);
        EXPECT_TRUE(contains(answer, "0123456789"));
        EXPECT_FALSE(answer.ends_with("0\r\n\r\n"));
    }
}

TEST(ServerStream, AFailureBeforeTheFirstByteIs500) {
    const TestServer server(serving([](Request&) -> Task<Response> {
        Response response(200);
        auto body = std::make_unique<Pieces>(0, "", 0ms, true);
        body->known_length = 50;
        response.body = std::move(body);
        co_return response;
    }));
    EXPECT_TRUE(server.ask(kGet).starts_with("HTTP/1.1 500 "));
}

TEST(ServerStream, AListenerThatLeavesEndsItsSource) {
    std::atomic<bool> gone = false;
    const TestServer server(serving(event_stream(gone)));
    auto socket = server.connect();
    socket.send(kGet);
    EXPECT_TRUE(contains(socket.read_until("\r\n\r\n"), "text/event-stream"));
    EXPECT_FALSE(gone);
    socket.close();
    EXPECT_TRUE(eventually([&] { return gone.load(); }));
}

TEST(ServerStream, APipelinedRequestWaitsForTheStreamsEnd) {
    const TestServer server(serving([](Request&) -> Task<Response> {
        Response response(200);
        response.body = std::make_unique<Pieces>(3, "x", 5ms);
        co_return response;
    }));
    auto socket = server.connect();
    socket.send(kGet);
    socket.read_until("\r\n\r\n");
    socket.send(kGet);
    const std::string body = "1\r\nx\r\n1\r\nx\r\n1\r\nx\r\n0\r\n\r\n";
    EXPECT_EQ(socket.read_until("\r\n0\r\n\r\n"), body);
    EXPECT_TRUE(contains(socket.read_until("\r\n\r\n"), "200 OK"));
    EXPECT_EQ(socket.read_until("\r\n0\r\n\r\n"), body);
}

TEST(ServerStream, WithAnUnreadRequestBodyTheConnectionEnds) {
    Router router;
    router.add("POST", "/", [](Request&) -> Task<Response> {
        Response response(200);
        response.body = std::make_unique<Pieces>(3, "x", 5ms);
        co_return response;
    });
    const TestServer server(std::move(router));
    auto socket = server.connect();
    socket.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\nGET / ");
    EXPECT_TRUE(contains(socket.read_until("\r\n\r\n"), "Connection: close"));
    socket.send("HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto rest = socket.read_to_end().value_or("HTTP/");
    EXPECT_FALSE(contains(rest, "HTTP/")) << rest;
}

TEST(ServerStop, IdleConnectionsCloseAtOnceAndNoNewOnesAreTaken) {
    TestServer server(serving(answers("hello")));
    auto socket = server.connect();
    socket.send(kGet);
    socket.read_answer();
    const auto before = std::chrono::steady_clock::now();
    server.stop();
    EXPECT_LT(std::chrono::steady_clock::now() - before, 3s);
    EXPECT_EQ(socket.read_to_end(), "");
    EXPECT_FALSE(server.connect().is_open());
}

TEST(ServerStop, ARequestUnderWayIsAnsweredWithClose) {
    Signal release;
    std::atomic<int> started = 0;
    TestServer server(serving([&](Request&) -> Task<Response> {
        const auto seen = release.version();
        ++started;
        co_await release.wait(seen, 10s);
        co_return text_response(200, "text/plain", "done");
    }));
    auto socket = server.connect();
    socket.send(kGet);
    ASSERT_TRUE(eventually([&] { return started == 1; }));
    std::jthread stopper([&] { server.stop(); });
    ASSERT_TRUE(eventually([&] { return !server.connect().is_open(); }));
    release.notify();
    const auto answer = socket.read_to_end().value_or("");
    EXPECT_TRUE(contains(answer, "Connection: close"));
    EXPECT_EQ(body_of(answer), "done");
}

TEST(ServerStop, ARequestThatNeverEndsIsCutOffAfterTheDrainTime) {
    TestServer server(
        serving([](Request&) -> Task<Response> {
            co_await sleep_for(1h);
            co_return Response(200);
        }),
        {.drain_timeout = 100ms}
    );
    auto socket = server.connect();
    socket.send(kGet);
    ASSERT_TRUE(eventually([&] {
        return server.metric("pixgate_http_connections{server=\"test\"}") == 1;
    }));
    const auto before = std::chrono::steady_clock::now();
    server.stop();
    EXPECT_LT(std::chrono::steady_clock::now() - before, 4s);
    EXPECT_EQ(socket.read_to_end(), "");
}

TEST(ServerStop, OtherStreamsAreSentToTheirEnd) {
    TestServer server(serving([](Request&) -> Task<Response> {
        Response response(200);
        response.body = std::make_unique<Pieces>(20, "x", 5ms);
        co_return response;
    }));
    auto socket = server.connect();
    socket.send(kGet);
    socket.read_until("\r\n\r\n");
    std::jthread stopper([&] { server.stop(); });
    const auto body = socket.read_to_end().value_or("");
    EXPECT_EQ(std::ranges::count(body, 'x'), 20);
    EXPECT_TRUE(body.ends_with("0\r\n\r\n"));
}

TEST(ServerStop, EventStreamsEndInGoodOrder) {
    std::atomic<bool> gone = false;
    TestServer server(serving(event_stream(gone)));
    auto socket = server.connect();
    socket.send(kGet);
    socket.read_until("\r\n\r\n");
    const auto before = std::chrono::steady_clock::now();
    server.stop();
    EXPECT_LT(std::chrono::steady_clock::now() - before, 3s);
    EXPECT_TRUE(gone);
    EXPECT_EQ(socket.read_to_end(), "0\r\n\r\n");
}

TEST(ServerListen, AnAddressInUseIsNamed) {
    const TestServer server(serving(answers("hello")));
    TestServer other(serving(answers("other")));
    const auto result = other.server->listen(server.address());
    ASSERT_FALSE(result);
    EXPECT_TRUE(contains(result.error().message, server.address()));
    EXPECT_TRUE(contains(result.error().message, "in use"));
    for (const auto* bad :
         {"", "localhost", "1.2.3:80", "127.0.0.1:99999", "127.0.0.1:x", "[::1:80"}) {
        EXPECT_FALSE(other.server->listen(bad)) << bad;
    }
}

TEST(ServerListen, ConnectionsSpreadOverTheLoops) {
    std::mutex mutex;
    std::map<std::thread::id, int> loops;
    const TestServer server(
        serving([&](Request&) -> Task<Response> {
            const std::lock_guard lock(mutex);
            ++loops[std::this_thread::get_id()];
            co_return Response(204);
        }),
        {}, 4
    );
    std::vector<test::RawSocket> sockets;
    for (int i = 0; i < 32; ++i) {
        sockets.push_back(server.connect());
        sockets.back().send(kGet);
        sockets.back().read_answer(true);
    }
    EXPECT_EQ(loops.size(), 4U);
    for (const auto& [id, n] : loops) EXPECT_NEAR(n, 8, 2);
}

}  // namespace
}  // namespace pixgate::http
