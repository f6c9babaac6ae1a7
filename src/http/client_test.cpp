#include "http/client.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/http_fixture.h"

namespace pixgate::http {
namespace {

using namespace std::chrono_literals;
using test::TestServer;

Router echo() {
    Router router;
    router.add("GET", "/", test::answers("hello"));
    router.add("POST", "/echo", [](Request& request) -> Task<Response> {
        const bool is_chunked = request.is_chunked;
        auto body = co_await read_all(*request.body, 64 << 20);
        if (!body) co_return Response(500);
        auto response = text_response(200, "text/plain", std::move(*body));
        response.set("X-Chunked", is_chunked ? "yes" : "no");
        response.set("X-Query", std::string(request.query))
            .set("X-Host", std::string(request.host));
        co_return response;
    });
    router.add("POST", "/refuse", [](Request&) -> Task<Response> {
        co_return text_response(403, "text/plain", "no");
    });
    router.add("GET", "/slow", [](Request&) -> Task<Response> {
        co_await sleep_for(5s);
        co_return Response(200);
    });
    return router;
}

class NoLength : public BodySource {
public:
    Task<Result<ByteView>> next() override {
        if (left_-- == 0) co_return ByteView{};
        co_return as_bytes("0123456789");
    }

private:
    int left_ = 3;
};

Result<ClientResponse> run(ClientRequest request) {
    return run_task(fetch(std::move(request)));
}

TEST(ClientFetch, GivesStatusFieldsAndBody) {
    const TestServer server(echo());
    const auto response = run({.url = "http://" + server.address()});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200U);
    EXPECT_EQ(response->get("content-type"), "text/plain");
    EXPECT_EQ(response->body, "hello");
}

TEST(ClientFetch, SendsABodyAndTellsItsProgress) {
    const TestServer server(echo());
    std::vector<std::uint64_t> progress;
    ClientRequest request{.method = "POST", .url = "http://" + server.address() + "/echo?a=%20b"};
    request.body.assign(1'000'000, 'x');
    request.on_sent = [&](std::uint64_t n) { progress.push_back(n); };
    request.max_response_bytes = 2 << 20;
    const auto response = run(request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body.size(), 1'000'000U);
    EXPECT_EQ(response->get("X-Query"), "a=%20b");
    EXPECT_EQ(response->get("X-Host"), server.address());
    ASSERT_GT(progress.size(), 5U);
    EXPECT_EQ(progress.back(), 1'000'000U);
    EXPECT_TRUE(std::ranges::is_sorted(progress));
}

TEST(ClientFetch, AStreamWithoutLengthGoesChunked) {
    const TestServer server(echo());
    NoLength body;
    const auto response =
        run({.method = "POST", .url = "http://" + server.address() + "/echo", .stream = &body});
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->get("X-Chunked"), "yes");
    EXPECT_EQ(response->body, "012345678901234567890123456789");
}

TEST(ClientFetch, AnEarlyRefusalIsSeenThoughTheBodyWasNotRead) {
    const TestServer server(echo());
    ClientRequest request{.method = "POST", .url = "http://" + server.address() + "/refuse"};
    request.body.assign(20 << 20, 'x');
    const auto response = run(request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 403U);
}

TEST(ClientFetch, AnAnswerOverTheCapIsTooLarge) {
    const TestServer server(echo());
    const auto response = run({.url = "http://" + server.address(), .max_response_bytes = 4});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::kTooLarge);
}

TEST(ClientFetch, ASilentServerIsDeadlineExceeded) {
    const TestServer server(echo(), {.drain_timeout = 50ms});
    const auto response = run({.url = "http://" + server.address() + "/slow", .timeout = 50ms});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::kDeadlineExceeded);
}

TEST(ClientFetch, NoListenerIsUnavailable) {
    std::string address;
    {
        TestServer server(echo());
        address = server.address();
    }
    const auto response = run({.url = "http://" + address});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::kUnavailable);
}

TEST(ClientFetch, OddUrlsAndFieldsAreInvalid) {
    for (const auto* url : {"ftp://a/", "a", "http://", "http://u:p@a/", "http://a b/"}) {
        const auto response = run({.url = url});
        ASSERT_FALSE(response) << url;
        EXPECT_EQ(response.error().code, Errc::kInvalidArgument) << url;
    }
    const TestServer server(echo());
    const auto response =
        run({.url = "http://" + server.address(), .fields = {{"X", "a\r\nY: b"}}});
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, Errc::kInvalidArgument);
}

TEST(ClientStream, EndsWhenTheListenerHasEnough) {
    Router router;
    router.add("GET", "/events", [](Request&) -> Task<Response> {
        class Ticks : public BodySource {
        public:
            Task<Result<ByteView>> next() override {
                co_await sleep_for(1ms);
                co_return as_bytes("data: tick\n\n");
            }
        };
        Response response(200);
        response.set("Content-Type", "text/event-stream");
        response.body = std::make_unique<Ticks>();
        co_return response;
    });
    const TestServer server(std::move(router));
    int n = 0;
    const auto listen = [&](std::string_view piece) {
        EXPECT_TRUE(piece.starts_with("data: tick\n\n"));
        return ++n < 5;
    };
    const auto status =
        run_task(fetch_stream({.url = "http://" + server.address() + "/events"}, listen));
    ASSERT_TRUE(status) << status.error().message;
    EXPECT_EQ(*status, 200U);
    EXPECT_EQ(n, 5);
}

}  // namespace
}  // namespace pixgate::http
