#include "http/server.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <vector>

#include "tests/support/http_fixture.h"

namespace pixgate::http {
namespace {

using namespace std::chrono_literals;
using test::answers;
using test::eventually;
using test::RawSocket;
using test::TestServer;

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kGetClose = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

Router hello() {
    Router router;
    router.add("GET", "/", answers("hello"));
    router.add("POST", "/echo", [](Request& request) -> Task<Response> {
        auto body = co_await read_all(*request.body, 64 << 20);
        if (!body)
            co_return text_response(503, "text/plain", std::string(name_of(body.error().code)));
        co_return text_response(200, "text/plain", std::move(*body));
    });
    router.add("POST", "/refuse", [](Request&) -> Task<Response> {
        co_return text_response(403, "text/plain", "no");
    });
    return router;
}

std::string status_of(std::string_view answer) {
    return std::string(answer.substr(0, answer.find("\r\n")));
}
std::string body_of(std::string_view answer) {
    const auto at = answer.find("\r\n\r\n");
    return at == answer.npos ? "(no body)" : std::string(answer.substr(at + 4));
}
bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

TEST(ServerAnswer, HasDateLengthAndRequestId) {
    const TestServer server(hello());
    const auto answer = server.ask(kGetClose);
    EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
    EXPECT_EQ(body_of(answer), "hello");
    EXPECT_TRUE(contains(answer, "\r\nContent-Length: 5\r\n"));
    EXPECT_TRUE(contains(answer, "\r\nConnection: close\r\n"));
    EXPECT_TRUE(contains(answer, " GMT\r\n"));
    const auto at = answer.find("x-request-id: ");
    ASSERT_NE(at, answer.npos);
    EXPECT_EQ(answer.find("\r\n", at) - at, 14U + 16U);
}

TEST(ServerAnswer, HeadIsTheSameWithoutTheBody) {
    const TestServer server(hello());
    const auto answer = server.ask("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(contains(answer, "Content-Length: 5\r\n"));
    EXPECT_EQ(body_of(answer), "");
}

TEST(ServerAnswer, ResponseFieldsCannotBeSplit) {
    Router router;
    router.add("GET", "/", [](Request&) -> Task<Response> {
        auto response = text_response(200, "text/plain", "x");
        response.set("X-Bad", "a\r\nSet-Cookie: b").set("X-Good", "c");
        co_return response;
    });
    const TestServer server(std::move(router));
    const auto answer = server.ask(kGetClose);
    EXPECT_FALSE(contains(answer, "Set-Cookie"));
    EXPECT_TRUE(contains(answer, "X-Good: c\r\n"));
}

TEST(ServerConnection, IsKeptForTheNextRequest) {
    const TestServer server(hello());
    auto socket = server.connect();
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(socket.send(kGet));
        ASSERT_EQ(body_of(socket.read_answer()), "hello") << i;
    }
}

TEST(ServerConnection, PipelinedRequestsAreAnsweredInOrder) {
    Router router;
    router.add("GET", "/{n}", [](Request& request) -> Task<Response> {
        if (request.params["n"] == "0") co_await sleep_for(20ms);
        co_return text_response(200, "text/plain", request.params["n"]);
    });
    router.add("POST", "/echo", hello().routes()[1].handler);
    const TestServer server(std::move(router));
    std::string all;
    for (int i = 0; i < 200; ++i) {
        all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
        all += "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab";
        all +=
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
            "chunked\r\n\r\n1\r\nc\r\n0\r\n\r\n";
    }
    auto socket = server.connect();
    ASSERT_TRUE(socket.send(all));
    for (int i = 0; i < 200; ++i) {
        ASSERT_EQ(body_of(socket.read_answer()), std::to_string(i));
        ASSERT_EQ(body_of(socket.read_answer()), "ab");
        ASSERT_EQ(body_of(socket.read_answer()), "c");
    }
}

TEST(ServerConnection, Http10ClosesUnlessAskedToStay) {
    const TestServer server(hello());
    EXPECT_EQ(body_of(server.ask("GET / HTTP/1.0\r\n\r\n")), "hello");
    auto socket = server.connect();
    for (int i = 0; i < 2; ++i) {
        socket.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        EXPECT_TRUE(contains(socket.read_answer(), "Connection: keep-alive"));
    }
}

TEST(ServerConnection, TheHeadMayComeByteByByte) {
    const TestServer server(hello());
    auto socket = server.connect();
    for (const char c : kGetClose) ASSERT_TRUE(socket.send({&c, 1}));
    EXPECT_EQ(body_of(socket.read_to_end().value_or("")), "hello");
}

TEST(ServerConnection, OverTheCapIs503WithRetryAfter) {
    const TestServer server(hello(), {.max_connections = 3});
    std::vector<RawSocket> sockets;
    for (int i = 0; i < 3; ++i) {
        sockets.push_back(server.connect());
        sockets.back().send(kGet);
        ASSERT_EQ(body_of(sockets.back().read_answer()), "hello");
    }
    const auto answer = server.ask(kGet);
    EXPECT_EQ(status_of(answer), "HTTP/1.1 503 Service Unavailable");
    EXPECT_TRUE(contains(answer, "Retry-After: 1\r\n"));
    sockets.pop_back();
    EXPECT_TRUE(eventually([&] { return contains(server.ask(kGetClose), "200 OK"); }));
}

TEST(ServerRefusal, AmbiguousRequestsAreAnsweredAndClosed) {
    const TestServer server(hello());
    const std::vector<std::pair<std::string, std::string>> cases{
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n",
         "400"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"
        },
        {"GET / HTTP/1.1\nHost: a\n\n", "400"},
        {"GET /\r\n", "400"},
        {"GET / HTTP/1.1\r\n\r\n", "400"},
        {"GET / HTTP/3.0\r\nHost: a\r\n\r\n", "505"},
        {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "501"},
        {"GET /" + std::string(1 << 20, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", "414"},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(65536, 'a') + "\r\n\r\n", "431"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: 1\r\n\r\n", "417"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\na",
         "415"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n", "413"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
         "400"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
         "400"},
    };
    for (const auto& [request, status] : cases) {
        const auto answer = server.ask(request + std::string(kGet));
        EXPECT_EQ(answer.substr(0, 13), "HTTP/1.1 " + status + " ") << request.substr(0, 200);
        EXPECT_TRUE(contains(answer, "Connection: close")) << request.substr(0, 200);
        EXPECT_TRUE(contains(answer, "Cache-Control: no-store")) << request.substr(0, 200);
        // What follows is not read as a request.
        EXPECT_EQ(answer.find("HTTP/1.1", 5), answer.npos) << request.substr(0, 200);
        EXPECT_LT(answer.size(), 500U);
    }
    EXPECT_GE(server.metric("pixgate_http_refused_total{server=\"test\",status=\"505\"}"), 1);
}

TEST(ServerRefusal, AnUpgradeIsIgnored) {
    const TestServer server(hello());
    const auto answer = server.ask(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: "
        "h2c\r\n"
        "HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
    );
    EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
}

TEST(ServerMemory, IdleConnectionsHoldAFewKibibytes) {
#ifdef PIXGATE_SANITIZED
    GTEST_SKIP() << "the sanitizer has its own allocator";
#else
    const TestServer server(hello());
    constexpr std::size_t kConnections = 500;
    std::vector<RawSocket> sockets;
    sockets.reserve(kConnections);
    const auto ask_all = [&] {
        for (auto& socket : sockets) {
            socket.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(8000, 'x') + "\r\n\r\n");
        }
        for (auto& socket : sockets) ASSERT_EQ(body_of(socket.read_answer()), "hello");
    };
    const auto before = ::mallinfo2().uordblks;
    for (std::size_t i = 0; i < kConnections; ++i) sockets.push_back(server.connect());
    ask_all();
    EXPECT_TRUE(eventually([&] {
        const auto now = ::mallinfo2().uordblks;
        return now < before + kConnections * 5 * 1024;
    }));
    ask_all();
#endif
}

TEST(ServerMetrics, CountByRouteAndStatusClass) {
    TestServer server(hello());
    server.ask(kGetClose);
    server.ask(kGetClose);
    server.ask("GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    server.stop();
    EXPECT_EQ(
        server.metric("pixgate_http_requests_total{route=\"/\",server=\"test\",status=\"2xx\"}"), 2
    );
    EXPECT_EQ(
        server.metric("pixgate_http_requests_total{route=\"none\",server=\"test\",status=\"4xx\"}"),
        1
    );
    EXPECT_EQ(server.metric("pixgate_http_connections{server=\"test\"}"), 0);
    EXPECT_GT(server.metric("pixgate_http_sent_bytes_total{server=\"test\"}"), 100);
}

TEST(Server, APartOfASharedBodyIsSentWithoutACopyOfIt) {
    const auto whole = std::make_shared<const std::string>("0123456789");
    Router router;
    router.add("GET", "/part", [whole](Request&) -> Task<Response> {
        Response response(206);
        response.body = PartBody{whole, 3, 4};
        response.close = true;
        co_return response;
    });
    const TestServer server(std::move(router));
    const auto answer = server.ask("GET /part HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_NE(answer.find("Content-Length: 4\r\n"), answer.npos);
    EXPECT_TRUE(answer.ends_with("\r\n\r\n3456")) << answer;
}

}  // namespace
}  // namespace pixgate::http
