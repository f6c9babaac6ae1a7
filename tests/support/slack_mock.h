// A Slack incoming webhook on 127.0.0.1 that does what a test says.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/http_fixture.h"

namespace pixgate::test {

// Answers as it is told, and keeps what it was sent.
class SlackMock {
public:
    SlackMock() : server_(make_router()) {}

    void answer(unsigned status, std::string body, std::string retry_after = {}) {
        const std::lock_guard lock(mutex_);
        status_ = status;
        body_ = std::move(body);
        retry_after_ = std::move(retry_after);
    }
    // For the next posts, in order; afterwards what answer() said.
    void answer_once(unsigned status, std::string retry_after = {}) {
        const std::lock_guard lock(mutex_);
        once_.emplace_back(status, std::move(retry_after));
    }
    // All that came, and those that were taken.
    std::vector<std::string> posts() {
        const std::lock_guard lock(mutex_);
        return posts_;
    }
    std::vector<std::string> taken() {
        const std::lock_guard lock(mutex_);
        return taken_;
    }
    std::string url() const { return "http://" + server_.address() + "/services/T000/B000/SECRET"; }

private:
    http::Router make_router() {
        http::Router router;
        router.add("POST", "/services/{rest...}", [this](http::Request& request) {
            return handle(request);
        });
        return router;
    }
    Task<http::Response> handle(http::Request& request) {
        auto text = co_await read_all(*request.body, 1 << 20);
        const std::lock_guard lock(mutex_);
        posts_.push_back(text.value_or("unreadable"));
        auto response = http::text_response(status_, "text/plain", body_);
        auto retry_after = retry_after_;
        if (!once_.empty()) {
            response = http::text_response(
                once_.front().first, "text/plain", once_.front().first == 200 ? "ok" : "no"
            );
            retry_after = once_.front().second;
            once_.pop_front();
        }
        if (response.status == 200) taken_.push_back(posts_.back());
        if (!retry_after.empty()) response.set("Retry-After", retry_after);
        co_return response;
    }

    std::mutex mutex_;
    unsigned status_ = 200;
    std::string body_ = "ok";
    std::string retry_after_;
    std::deque<std::pair<unsigned, std::string>> once_;
    std::vector<std::string> posts_;
    std::vector<std::string> taken_;
    TestServer server_;
};

}  // namespace pixgate::test
