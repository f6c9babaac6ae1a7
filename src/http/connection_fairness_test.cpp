// One client may not keep an event loop to itself.
#include <gtest/gtest.h>

#include <latch>

#include "tests/support/http_fixture.h"

namespace pixgate::http {
namespace {

using test::TestServer;

constexpr int kMany = 2'000;

// On one loop: the first request of one client waits, on the loop's thread, until another client's
// request has come. `next` is what the first client sends many times behind it.
struct Race {
    explicit Race(const std::string& next) {
        Router router;
        router.add("GET", "/gate", [this](Request&) -> Task<Response> {
            at_gate.count_down();
            has_come.wait();
            co_return text_response(200, "text/plain", "");
        });
        router.add("GET", "/many", [this](Request&) -> Task<Response> {
            ++answered;
            co_return text_response(200, "text/plain", "");
        });
        router.add("GET", "/hot", [this](Request&) -> Task<Response> { co_return hot(); });
        router.add("GET", "/other", [this](Request&) -> Task<Response> {
            answered_before = next_is_hot ? static_cast<int>(hits.value()) : answered.load();
            Response response = text_response(200, "text/plain", "");
            response.close = true;
            co_return response;
        });
        next_is_hot = next == "/hot";
        TestServer server(std::move(router), ServerLimits{}, 1);
        auto greedy = server.connect();
        const std::string request = "GET " + next + " HTTP/1.1\r\nHost: a\r\n\r\n";
        greedy.send(request);
        greedy.read_until("\r\n\r\n");
        std::string requests = "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n";
        for (int i = 0; i < kMany; ++i) requests += request;
        greedy.send(requests);  // they have room in the sockets' buffers
        at_gate.wait();
        auto other = server.connect();
        other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
        has_come.count_down();
        other.read_to_end();
        greedy.close();
    }

    Response hot() {
        Response response(200);
        response.set("Content-Length", "0");
        const auto head = prebuild_head(response);
        response.fields.clear();
        response.prebuilt_head = head;
        auto repeat = std::make_unique<Repeat>();
        repeat->until = std::chrono::steady_clock::now() + std::chrono::hours(1);
        repeat->head = head;
        repeat->head_unchanged = head;
        repeat->body = std::make_shared<const std::string>();
        repeat->counter = &hits;
        response.body = repeat->body;
        response.repeat = std::move(repeat);
        return response;
    }

    Metrics metrics;
    Counter& hits = metrics.counter("hits", "");
    std::latch at_gate{1};
    std::latch has_come{1};
    bool next_is_hot = false;
    std::atomic<int> answered{0};
    std::atomic<int> answered_before{-1};
};

TEST(ConnectionFairness, WhoSendsWithoutAPauseLeavesTheLoopToOthersInBetween) {
    const Race race("/many");
    EXPECT_GE(race.answered_before, 0);
    EXPECT_LT(race.answered_before, 1'000);
}

TEST(ConnectionFairness, NorDoHotAnswersKeepTheLoop) {
    const Race race("/hot");
    EXPECT_GE(race.answered_before, 0);
    EXPECT_LT(race.answered_before, 1'000);
}

}  // namespace
}  // namespace pixgate::http
