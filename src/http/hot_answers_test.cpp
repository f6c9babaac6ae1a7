#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <optional>

#include "http/hot_answers.h"
#include "http/server.h"
#include "tests/support/http_fixture.h"

namespace pixgate::http {
namespace {

using namespace std::chrono_literals;
using test::TestServer;

constexpr std::string_view kGet = "GET /p HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kClosing = "GET /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

// A handler that lets its answer be repeated, and counts how often it is asked.
struct Picture {
    std::atomic<int> asked{0};
    std::shared_ptr<std::atomic<std::uint64_t>> epoch =
        std::make_shared<std::atomic<std::uint64_t>>(0);
    SharedBody body = std::make_shared<const std::string>("picture");
    std::chrono::milliseconds lifetime{60'000};
    bool by_accept = false;

    Response answer(const Request& request) {
        ++asked;
        Response response(200);
        response.set("ETag", "\"e\"").set("Content-Length", std::to_string(body->size()));
        auto head = prebuild_head(response);
        Response unchanged(304);
        unchanged.set("ETag", "\"e\"");
        if (!request.fields.get("Range").empty()) return Response(206);
        response.fields.clear();
        response.prebuilt_head = head;
        response.body = body;
        response.repeat = std::make_unique<Repeat>();
        response.repeat->until = std::chrono::steady_clock::now() + lifetime;
        response.repeat->head = head;
        response.repeat->head_unchanged = prebuild_head(unchanged);
        response.repeat->body = body;
        response.repeat->etag = "\"e\"";
        if (by_accept) response.repeat->by_fields = {"Accept"};
        response.repeat->epoch = epoch;
        response.repeat->epoch_seen = epoch->load();
        return response;
    }

    Router router() {
        Router out;
        out.add("GET", "/p", [this](Request& request) -> Task<Response> {
            co_return answer(request);
        });
        return out;
    }
};

std::string with(std::string_view fields) {
    return "GET /p HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
    return n;
}

// One loop: each has a table of its own.
struct Fixture {
    Picture picture;
    std::optional<TestServer> server;

    void start() { server.emplace(picture.router(), ServerLimits{}, 1); }
    // What comes back for these requests on one connection, and after them one that closes it.
    std::string ask(const std::string& requests) const {
        return server->ask(requests + std::string(kClosing));
    }
};

TEST(HotAnswers, SecondRequestIsAnsweredWithoutTheHandler) {
    Fixture f;
    f.start();
    f.ask(std::string(kGet));
    EXPECT_EQ(f.picture.asked, 2);  // one to begin with, one that closes
    const auto answers = f.ask(std::string(kGet) + std::string(kGet));
    EXPECT_EQ(f.picture.asked, 3);
    EXPECT_EQ(count(answers, "HTTP/1.1 200 OK\r\n"), 3U);
    EXPECT_EQ(count(answers, "Content-Length: 7\r\n"), 3U);
    EXPECT_EQ(count(answers, "\r\nDate: "), 3U);
    EXPECT_EQ(count(answers, "\r\nx-request-id: "), 3U);
    EXPECT_EQ(count(answers, "\r\n\r\npicture"), 3U);
    EXPECT_EQ(
        f.server->metric("pixgate_http_requests_total{route=\"/p\",server=\"test\",status=\"2xx\"}"
        ),
        5
    );
}

TEST(HotAnswers, AnswerIsVoidWhenItsEpochMovedOnOrItsTimeIsOver) {
    Fixture f;
    f.start();
    f.ask(std::string(kGet));
    ++*f.picture.epoch;
    f.ask(std::string(kGet));
    EXPECT_EQ(f.picture.asked, 4);
    f.picture.lifetime = 0ms;
    ++*f.picture.epoch;
    f.ask(std::string(kGet) + std::string(kGet));
    EXPECT_EQ(f.picture.asked, 7);
}

TEST(HotAnswers, ConditionsAreAnsweredAndRangesComeToTheHandler) {
    Fixture f;
    f.start();
    f.ask(std::string(kGet));
    const auto unchanged = f.ask(with("If-None-Match: \"x\", W/\"e\"\r\n"));
    EXPECT_EQ(count(unchanged, "HTTP/1.1 304 Not Modified\r\nETag: \"e\"\r\nDate: "), 1U);
    EXPECT_EQ(count(unchanged, "picture"), 1U);  // of the request that closes
    EXPECT_EQ(count(f.ask(with("If-None-Match: \"x\"\r\n")), "HTTP/1.1 200"), 2U);
    EXPECT_EQ(f.picture.asked, 4);
    EXPECT_EQ(count(f.ask(with("Range: bytes=0-1\r\n")), "HTTP/1.1 206"), 1U);
    f.ask(with("If-Match: \"x\"\r\n"));
    f.ask("HEAD /p HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(f.picture.asked, 10);
}

TEST(HotAnswers, FieldsThatTheAnswerDependsOnAreCompared) {
    Fixture f;
    f.picture.by_accept = true;
    f.start();
    f.ask(with("Accept: image/webp\r\n"));
    const int before = f.picture.asked;
    f.ask(with("Accept: image/webp\r\n"));
    EXPECT_EQ(f.picture.asked, before + 1);
    f.ask(with("Accept: image/avif\r\n"));
    EXPECT_EQ(f.picture.asked, before + 3);
    // More kinds than are kept: the oldest go.
    for (int i = 0; i < 20; ++i) f.ask(with("Accept: x/" + std::to_string(i) + "\r\n"));
    const int after = f.picture.asked;
    f.ask(with("Accept: x/19\r\n"));
    EXPECT_EQ(f.picture.asked, after + 1);
}

TEST(HotAnswers, LargeAnswersArriveWholeThroughASlowReader) {
    Fixture f;
    f.picture.body = std::make_shared<const std::string>(std::string(1 << 20, 'p') + "end");
    f.picture.body = std::make_shared<const std::string>(f.picture.body->substr(4));
    f.start();
    f.ask(std::string(kGet));
    std::string requests;
    for (int i = 0; i < 20; ++i) requests += kGet;
    const auto answers = f.ask(requests);
    EXPECT_EQ(count(answers, "HTTP/1.1 200 OK\r\n"), 21U);
    EXPECT_EQ(count(answers, "pppend"), 21U);
    EXPECT_EQ(f.picture.asked, 3);
}

TEST(HotAnswers, WhatIsAskedForOftenComesFromAFileAndIsTheSame) {
    Fixture f;
    std::string body(HotAnswers::kMinFileBytes, 'p');
    for (std::size_t i = 0; i < body.size(); i += 7) body[i] = static_cast<char>('a' + i % 26);
    f.picture.body = std::make_shared<const std::string>(body);
    f.start();
    f.ask(std::string(kGet));
    std::string requests;
    const std::size_t n = 3 * HotAnswers::kTimesForFile;
    for (std::size_t i = 0; i < n; ++i) requests += kGet;
    const auto answers = f.ask(requests);
    EXPECT_EQ(f.picture.asked, 3);
    EXPECT_EQ(count(answers, "HTTP/1.1 200 OK\r\nETag: \"e\"\r\n"), n + 1);
    EXPECT_EQ(count(answers, "\r\nDate: "), n + 1);
    EXPECT_EQ(count(answers, "\r\n\r\n" + body), n + 1);
    // Those from memory before it, and the one that closes.
    EXPECT_EQ(count(answers, "\r\nx-request-id: "), HotAnswers::kTimesForFile - 1 + 1);
    const auto mixed = f.ask(with("If-None-Match: \"e\"\r\n") + std::string(kGet));
    EXPECT_EQ(count(mixed, "HTTP/1.1 304 Not Modified\r\n"), 1U);
    EXPECT_EQ(count(mixed, "\r\n\r\n" + body), 2U);
}

TEST(HotAnswers, OnlyAFewHaveAFileAndItIsGivenBack) {
    HotAnswers hot;
    Picture picture;
    picture.body = std::make_shared<const std::string>(HotAnswers::kMinFileBytes, 'p');
    const auto files = [] {
        const auto fds = std::filesystem::directory_iterator("/proc/self/fd");
        return std::ranges::count_if(fds, [](const auto& fd) {
            std::error_code gone;
            return std::filesystem::read_symlink(fd, gone).string().contains("pixgate-hot");
        });
    };
    const auto find_often = [&](const std::string& path) {
        Request request;
        request.path = path;
        Response response = picture.answer(request);
        hot.keep(request, response);
        Head head;
        head.method = "GET";
        head.path = path;
        head.wants_keep_alive = true;
        bool is_unchanged = false;
        const HotAnswers::Entry* found = nullptr;
        for (std::uint32_t i = 0; i < HotAnswers::kTimesForFile; ++i)
            found = hot.find(head, std::chrono::steady_clock::now(), "now", is_unchanged);
        return found != nullptr;
    };
    for (int i = 0; i < 100; ++i) EXPECT_TRUE(find_often("/" + std::to_string(i)));
    EXPECT_EQ(files(), 64);
    ++*picture.epoch;
    for (int i = 200; i < 203; ++i) EXPECT_TRUE(find_often("/" + std::to_string(i)));
    EXPECT_EQ(files(), 3) << "what is void gives its place";
    hot = HotAnswers();
    EXPECT_EQ(files(), 0);
}

TEST(HotAnswers, LongTargetsAndValuesCountAndVeryLongOnesAreNotKept) {
    HotAnswers hot;
    Picture picture;
    picture.by_accept = true;
    const auto keep = [&](const std::string& path, const std::string& accept) {
        Request request;
        request.path = path;
        request.fields.add("Accept", accept);
        Response response = picture.answer(request);
        hot.keep(request, response);
    };
    keep("/p", std::string(1'100, 'a'));
    keep("/" + std::string(1'100, 'p'), "a");
    keep("/" + std::string(600, 'p'), std::string(600, 'a'));
    EXPECT_EQ(hot.bytes(), 0U);
    std::size_t most = 0;
    for (int i = 0; i < 40'000; ++i) {
        keep("/" + std::to_string(i) + std::string(900, 'p'), std::string(100, 'a'));
        most = std::max(most, hot.bytes());
    }
    EXPECT_LE(most, 16U << 20);
    EXPECT_GE(most, 4'000U * 1'000) << "targets and values are counted";
}

TEST(HotAnswers, AHeadInPiecesAndARequestBehindItAreRead) {
    Fixture f;
    f.start();
    f.ask(std::string(kGet));
    auto socket = f.server->connect();
    const std::string two = std::string(kGet) + std::string(kGet);
    socket.send(two.substr(0, kGet.size() + 9));
    ASSERT_TRUE(test::eventually([&] {
        return f.server->metric(
                   "pixgate_http_requests_total{route=\"/p\",server=\"test\",status=\"2xx\"}"
               ) == 3;
    }));
    socket.send(two.substr(kGet.size() + 9));
    socket.send(kClosing);
    EXPECT_EQ(count(socket.read_to_end().value_or(""), "\r\n\r\npicture"), 3U);
}

}  // namespace
}  // namespace pixgate::http
