// Requests with bodies: when they are read, when not, and what happens to those that are slow or
// broken.
#include <gtest/gtest.h>

#include <atomic>

#include "tests/support/http_fixture.h"

namespace pixgate::http {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::RawSocket;
using test::TestServer;

std::string post(std::string_view path, std::string_view fields) {
    return "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

bool starts_with_status(std::string_view answer, unsigned status) {
    return answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

struct Seen {
    std::atomic<int> handled{0};
    std::atomic<int> failed{0};
    std::atomic<Errc> failure{Errc::kInternal};
};

Router bodies(Seen& seen) {
    Router router;
    router.add("POST", "/echo", [&seen](Request& request) -> Task<Response> {
        ++seen.handled;
        auto body = co_await read_all(*request.body, 64 << 20);
        if (!body) {
            seen.failure = body.error().code;
            ++seen.failed;
            co_return text_response(503, "text/plain", "failed");
        }
        co_return text_response(200, "text/plain", std::move(*body));
    });
    router.add("POST", "/refuse", [&seen](Request&) -> Task<Response> {
        ++seen.handled;
        co_return text_response(403, "text/plain", "no");
    });
    router.add("POST", "/size", [](Request& request) -> Task<Response> {
        std::uint64_t n = 0;
        for (;;) {
            const auto piece = co_await request.body->next();
            if (!piece) co_return Response(500);
            if (piece->empty()) break;
            if (piece->size() > 256 * 1024) co_return Response(500);
            n += piece->size();
        }
        co_return text_response(200, "text/plain", std::to_string(n));
    });
    return router;
}

TEST(ServerContinue, Is100OnlyWhenTheHandlerReads) {
    Seen seen;
    const TestServer server(bodies(seen));
    auto socket = server.connect();
    socket.send(post("/echo", "Expect: 100-continue\r\nContent-Length: 5\r\n"));
    EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    socket.send("hello");
    const auto answer = socket.read_answer();
    EXPECT_TRUE(starts_with_status(answer, 200));
    EXPECT_TRUE(answer.ends_with("hello"));
}

TEST(ServerContinue, ARefusalComesWithout100AndCloses) {
    Seen seen;
    const TestServer server(bodies(seen));
    const auto answer =
        server.ask(post("/refuse", "Expect: 100-continue\r\nContent-Length: 5\r\n"));
    EXPECT_TRUE(starts_with_status(answer, 403)) << answer;
    EXPECT_EQ(answer.find("100 Continue"), answer.npos);
    EXPECT_NE(answer.find("Connection: close"), answer.npos);
}

TEST(ServerContinue, Is100BeforeAnEmptyBodyToo) {
    Seen seen;
    const TestServer server(bodies(seen));
    auto socket = server.connect();
    for (int i = 0; i < 2; ++i) {
        socket.send(post("/echo", "Expect: 100-continue\r\nContent-Length: 0\r\n"));
        EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        EXPECT_TRUE(starts_with_status(socket.read_answer(), 200));
    }
    socket.send(post("/refuse", "Expect: 100-continue\r\nContent-Length: 0\r\n"));
    const auto refused = socket.read_answer();
    EXPECT_TRUE(starts_with_status(refused, 403));
    EXPECT_NE(refused.find("Connection: close"), refused.npos);
}

TEST(ServerContinue, IsLeftOutWhereTheBodyIsAlreadyThere) {
    Seen seen;
    const TestServer server(bodies(seen));
    auto socket = server.connect();
    socket.send(post("/echo", "Expect: 100-continue\r\nContent-Length: 5\r\n") + "hello");
    EXPECT_TRUE(starts_with_status(socket.read_answer(), 200));
}

TEST(ServerBody, ALargeUploadArrivesWhole) {
    Seen seen;
    const TestServer server(bodies(seen));
    std::string body(5'000'000, 'x');
    for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
    auto socket = server.connect();
    std::jthread sender([&] {
        socket.send(post("/echo", "Content-Length: 5000000\r\n"));
        socket.send(body);
    });
    const auto answer = socket.read_answer();
    EXPECT_TRUE(answer.ends_with(body));
}

TEST(ServerBody, AChunkedUploadArrivesWholeAndTheNextRequestFollows) {
    Seen seen;
    const TestServer server(bodies(seen));
    auto socket = server.connect();
    std::string text = post("/echo", "Transfer-Encoding: chunked\r\n");
    std::string body;
    for (int i = 1; i < 3000; ++i) {
        const std::string piece(
            static_cast<std::size_t>(i % 700 + 1), static_cast<char>('a' + i % 26)
        );
        char size[16];
        std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
        text += size + piece + "\r\n";
        body += piece;
    }
    text += "0\r\nX-Trailer: 1\r\n\r\n" + post("/size", "Content-Length: 3\r\n") + "abc";
    std::jthread sender([&] { socket.send(text); });
    EXPECT_TRUE(socket.read_answer().ends_with(body));
    EXPECT_TRUE(socket.read_answer().ends_with("\r\n\r\n3"));
}

TEST(ServerBody, ASmallUnreadBodyIsDroppedAndTheConnectionKept) {
    Seen seen;
    const TestServer server(bodies(seen));
    auto socket = server.connect();
    socket.send(post("/refuse", "Content-Length: 100000\r\n"));
    EXPECT_TRUE(starts_with_status(socket.read_answer(), 403));
    socket.send(std::string(100'000, 'x') + post("/echo", "Content-Length: 2\r\n") + "ok");
    EXPECT_TRUE(socket.read_answer().ends_with("ok"));
}

TEST(ServerBody, AnEarlyRefusalReachesAClientThatStillSends) {
    Seen seen;
    const TestServer server(bodies(seen));
    auto socket = server.connect();
    std::atomic<bool> is_sent = false;
    std::jthread sender([&] {
        socket.send(post("/refuse", "Content-Length: 30000000\r\n"));
        const std::size_t n_bytes = 30'000'000;
        is_sent = socket.send(std::string(n_bytes, 'x'));
    });
    const auto answer = socket.read_answer();
    EXPECT_TRUE(starts_with_status(answer, 403)) << answer;
    EXPECT_NE(answer.find("Connection: close"), answer.npos);
    sender.join();
    EXPECT_TRUE(is_sent);  // it was read and dropped, not reset
    EXPECT_TRUE(socket.read_to_end());
    EXPECT_TRUE(socket.has_ended_in_order());
}

TEST(ServerBody, OverTheLimitIs413BeforeAndWhileReading) {
    Seen seen;
    const TestServer server(bodies(seen), {.max_body_bytes = 1000});
    EXPECT_TRUE(starts_with_status(server.ask(post("/echo", "Content-Length: 1001\r\n")), 413));
    EXPECT_EQ(seen.handled, 0);
    const auto chunked = post("/echo", "Transfer-Encoding: chunked\r\n") + "3e9\r\n" +
                         std::string(1001, 'x') + "\r\n0\r\n\r\n";
    EXPECT_TRUE(starts_with_status(server.ask(chunked), 413));
    EXPECT_EQ(seen.failure.load(), Errc::kTooLarge);
}

TEST(ServerBody, ACutBodyIsAnErrorForTheHandler) {
    Seen seen;
    const TestServer server(bodies(seen));
    auto socket = server.connect();
    socket.send(post("/echo", "Content-Length: 100\r\n") + "only this");
    ASSERT_TRUE(eventually([&] { return seen.handled == 1; }));
    socket.close();
    EXPECT_TRUE(eventually([&] { return seen.failed == 1; }));
    EXPECT_EQ(seen.failure.load(), Errc::kCancelled);
}

TEST(ServerTimeout, ASilentBodyIs408) {
    Seen seen;
    const TestServer server(bodies(seen), {.body_timeout = 60ms});
    const auto answer = server.ask(post("/echo", "Content-Length: 100\r\n") + "a");
    EXPECT_TRUE(starts_with_status(answer, 408)) << answer;
    EXPECT_EQ(seen.failure.load(), Errc::kDeadlineExceeded);
}

TEST(ServerTimeout, ADrippingBodyIs408ThoughEveryByteComesInTime) {
    Seen seen;
    const TestServer server(bodies(seen), {.body_timeout = 200ms, .min_body_bytes = 1000});
    auto socket = server.connect();
    socket.send(post("/echo", "Content-Length: 100000\r\n"));
    std::jthread dripper([&](const std::stop_token& stop) {
        while (!stop.stop_requested() && socket.send("x")) std::this_thread::sleep_for(5ms);
    });
    EXPECT_TRUE(starts_with_status(socket.read_answer(), 408));
}

TEST(ServerTimeout, AHeadThatNeverEndsIs408) {
    Seen seen;
    const TestServer server(bodies(seen), {.header_timeout = 100ms});
    auto socket = server.connect();
    socket.send("GET / HTTP/1.1\r\nHost: a\r\n");
    std::jthread dripper([&](const std::stop_token& stop) {
        while (!stop.stop_requested() && socket.send("X: y\r\n")) std::this_thread::sleep_for(5ms);
    });
    EXPECT_TRUE(starts_with_status(socket.read_answer(), 408));
}

TEST(ServerTimeout, AnIdleConnectionIsClosedWithoutAWord) {
    Seen seen;
    const TestServer server(bodies(seen), {.idle_timeout = 50ms});
    auto fresh = server.connect();
    EXPECT_EQ(fresh.read_to_end(), "");
    auto used = server.connect();
    used.send(post("/size", "Content-Length: 0\r\n"));
    EXPECT_TRUE(starts_with_status(used.read_answer(), 200));
    EXPECT_EQ(used.read_to_end(), "");
}

TEST(ServerTimeout, AReaderThatStopsReadingIsCutOff) {
    Router router;
    router.add("GET", "/", [](Request&) -> Task<Response> {
        Response response(200);
        const std::size_t n_bytes = 50'000'000;
        response.body = std::make_shared<const std::string>(std::string(n_bytes, 'x'));
        co_return response;
    });
    const TestServer server(std::move(router), {.write_timeout = 100ms});
    RawSocket socket(server.address(), 4096);
    socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_FALSE(socket.read_until("\r\n\r\n").empty());
    EXPECT_TRUE(eventually([&] {
        return server.metric("pixgate_http_connections{server=\"test\"}") == 0;
    }));
}

}  // namespace
}  // namespace pixgate::http
