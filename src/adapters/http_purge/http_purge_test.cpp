#include "adapters/http_purge/http_purge.h"

#include <gtest/gtest.h>

#include "tests/support/http_fixture.h"

namespace pixgate {
namespace {

// Keeps what it was asked and answers with one status.
class CacheMock {
public:
    CacheMock() : server_(make_router()) {}
    std::string url() const { return "http://" + server_.address(); }
    std::vector<std::string> asked;
    unsigned status = 200;

private:
    http::Router make_router() {
        http::Router router;
        router.add("POST", "/{rest...}", [this](http::Request& request) -> Task<http::Response> {
            asked.push_back(
                std::string(request.path) + " " + std::string(request.fields.get("surrogate-key"))
            );
            http::Response r(status);
            r.set("Retry-After", "7");
            co_return r;
        });
        return router;
    }
    test::TestServer server_;
};

TEST(HttpPurge, CallsEachUrlForEachImage) {
    CacheMock mock;
    const auto target = make_http_purge({.urls = {mock.url() + "/a/{id}/", mock.url() + "/b/{id}"},
                                         .method = "POST",
                                         .headers = {"Surrogate-Key: image-{id}"}})
                            .value();
    std::chrono::seconds retry_after{0};
    ASSERT_TRUE(run_task(target->purge({"ref", {ImageId{"x"}, ImageId{"y"}}}, retry_after)));
    EXPECT_EQ(
        mock.asked,
        (std::vector<std::string>{"/a/x/ image-x", "/b/x image-x", "/a/y/ image-y", "/b/y image-y"})
    );
}

TEST(HttpPurge, WhatIsNotThereNeedsNoPurgeAndErrorsSayWhetherToRetry) {
    CacheMock mock;
    const auto target = make_http_purge({.urls = {mock.url() + "/{id}"}, .method = "POST"}).value();
    std::chrono::seconds retry_after{0};
    const auto answered = [&](unsigned status) {
        mock.status = status;
        return run_task(target->purge({"ref", {ImageId{"x"}}}, retry_after));
    };
    EXPECT_TRUE(answered(404));
    EXPECT_EQ(answered(403).error().code, Errc::kPermissionDenied);
    EXPECT_EQ(answered(400).error().code, Errc::kInvalidArgument);
    EXPECT_EQ(answered(500).error().code, Errc::kUnavailable);
    EXPECT_EQ(answered(429).error().code, Errc::kOverloaded);
    EXPECT_EQ(retry_after.count(), 7);
    EXPECT_EQ(answered(429).error().message.find("127.0.0.1"), std::string::npos);
}

TEST(HttpPurge, WhatCannotWorkIsRefusedAtTheStart) {
    const auto reason = [](HttpPurgeConfig config) {
        auto made = make_http_purge(std::move(config));
        return made ? std::string("taken") : made.error().reason;
    };
    EXPECT_EQ(reason({.urls = {"http://a/{id}"}}), "taken");
    EXPECT_EQ(reason({.urls = {"http://a/"}}), "urls");
    EXPECT_EQ(reason({.urls = {"ftp://a/{id}"}}), "urls");
    EXPECT_EQ(reason({.urls = {"http://a/{id}\r\nX: y"}}), "urls");
    EXPECT_EQ(reason({.urls = {"http://a/{id}"}, .method = "P URGE"}), "method");
    EXPECT_EQ(reason({.urls = {"http://a/{id}"}, .headers = {"no value"}}), "headers");
    EXPECT_EQ(reason({.urls = {"http://a/{id}"}, .headers = {"A: b\r\nC: d"}}), "headers");
}

}  // namespace
}  // namespace pixgate
