// What the edge lets others keep, and for how long: caches in front, and the server's own table of
// hot answers.
#include <gtest/gtest.h>

#include "roles/edge/edge_routes.h"
#include "tests/support/deliver_world.h"
#include "tests/support/http_fixture.h"

namespace pixgate::edge {
namespace {

using namespace std::chrono_literals;

class EdgeCaching : public test::DeliverWorld {
protected:
    void SetUp() override {
        DeliverWorld::SetUp();
        policies_["default"] = Policy{};
        serve({});
    }

    void serve(PublicCaching caching) {
        DeliverImage::Config config;
        config.caching = caching;
        reset(config);
        UrlRules rules;
        rules.dialects = {"ipx"};
        router_ = {};
        add_routes(router_, {*deliver_, signer_, policies_, clock_, std::move(caching), rules});
    }

    using Fields = std::vector<std::pair<std::string, std::string>>;
    http::Response get(const std::string& target, const Fields& fields = {}) {
        return ask("GET", target, fields);
    }
    http::Response ask(std::string_view method, const std::string& target, const Fields& fields) {
        http::Request request;
        const auto mark = target.find('?');
        request.method = method;
        request.path = std::string_view(target).substr(0, mark);
        if (mark != target.npos) request.query = std::string_view(target).substr(mark + 1);
        request.id = "0000000000000001";
        for (const auto& [name, value] : fields) request.fields.add(name, value);
        return run_task(router_.handle(request));
    }
    // Once it is in memory.
    http::Response get_hit(const std::string& target) {
        get(target);
        settle();
        return get(target);
    }
    static std::string head_of(const http::Response& r) {
        std::string out = r.prebuilt_head ? *r.prebuilt_head : "";
        for (const auto& [name, value] : r.fields) out += name + ": " + value + "\r\n";
        return out;
    }
    static bool has(const http::Response& r, const std::string& text) {
        return head_of(r).find(text) != std::string::npos;
    }

    std::string path(const std::string& options) const {
        return "/i/" + image_.value + "/" + options;
    }
    std::string dialect_path() const { return "/ipx/w_320,f_jpeg/" + image_.value; }

    // What `n` askers get for one size that is made while `meanwhile` happens.
    template <class Meanwhile>
    std::vector<http::Response> ask_while_it_is_made(int n, Meanwhile meanwhile) {
        hold();
        std::mutex mutex;
        std::vector<http::Response> answers;
        std::vector<std::jthread> askers;
        for (int i = 0; i < n; ++i) {
            askers.emplace_back([&] {
                auto answer = get(path("w=320,f=jpeg"));
                const std::lock_guard lock(mutex);
                answers.push_back(std::move(answer));
            });
        }
        makes_begun_.wait(0);
        const Counter& collapsed = metrics_.counter("pixgate_edge_collapsed_total", "");
        while (collapsed.value() < n - 1) std::this_thread::yield();
        meanwhile();
        release();
        askers.clear();
        return answers;
    }

    Policies policies_;
    EdgeSigner signer_{{{"k1", std::string(32, 's')}}, "k1", {.window = 1s}};
    http::Router router_;
};

TEST_F(EdgeCaching, G113_ADeleteWhileAVariantIsMadeIsAnswered404ToAllWhoWait) {
    const auto answers = ask_while_it_is_made(8, [this] {
        mark_deleted();
        deliver_->bury(image_);
    });
    ASSERT_EQ(answers.size(), 8U);
    for (const auto& r : answers) {
        EXPECT_EQ(r.status, 404U);
        EXPECT_TRUE(has(r, "no-store"));
        EXPECT_FALSE(r.repeat);
    }
}

TEST_F(EdgeCaching, G113_AVersionThatWasReplacedMeanwhileIsNotServed) {
    const auto answers = ask_while_it_is_made(3, [this] {
        catalog_->new_etag = "another";
        deliver_->forget(image_);
    });
    ASSERT_EQ(answers.size(), 3U);
    for (const auto& r : answers) {
        EXPECT_EQ(r.status, 404U) << "the new version has no bytes here";
        EXPECT_TRUE(has(r, "no-store"));
    }
}

TEST_F(EdgeCaching, ADeleteOfAnotherPictureMeanwhileChangesNothing) {
    const auto answers = ask_while_it_is_made(2, [this] {
        deliver_->bury(ImageId{"00000000-0000-7000-8000-00000000ffff"});
    });
    for (const auto& r : answers) EXPECT_EQ(r.status, 200U);
}

TEST_F(EdgeCaching, PublicPicturesSayHowLongTheyMayBeKeptAndServedStale) {
    serve(
        {.max_age_seconds = 600,
         .stale_while_revalidate_seconds = 600,
         .stale_if_error_seconds = 3'600}
    );
    const std::string expected =
        "Cache-Control: public, max-age=600, stale-while-revalidate=600, stale-if-error=3600\r\n";
    EXPECT_TRUE(has(get(path("w320")), expected));
    const auto hit = get_hit(path("w320"));
    EXPECT_TRUE(hit.prebuilt_head);
    EXPECT_TRUE(has(hit, expected)) << head_of(hit);
    EXPECT_TRUE(has(hit, "hit; ttl=600\r\n"));
    EXPECT_TRUE(has(get(path("w320"), {{"Range", "bytes=0-1"}}), expected));
}

TEST_F(EdgeCaching, WhatCannotBePurgedByPathIsKeptForAMinute) {
    const std::string brief = "Cache-Control: public, max-age=60\r\n";
    EXPECT_TRUE(has(get(dialect_path()), brief));
    const auto hit = get_hit(dialect_path());
    EXPECT_TRUE(has(hit, brief)) << head_of(hit);
    ASSERT_TRUE(hit.repeat) << "and it is kept hot like any other";
    EXPECT_TRUE(hit.fields.empty());
    EXPECT_NE(hit.repeat->head->find(brief), std::string::npos);
    EXPECT_NE(hit.repeat->head_unchanged->find(brief), std::string::npos);
    const auto unchanged = get(dialect_path(), {{"If-None-Match", hit.repeat->etag}});
    EXPECT_EQ(unchanged.status, 304U);
    ASSERT_TRUE(unchanged.repeat);
    EXPECT_NE(unchanged.repeat->head->find(brief), std::string::npos);
    EXPECT_TRUE(has(get_hit(path("w=320,f=jpeg")), "max-age=86400"));
}

TEST_F(EdgeCaching, WithATagItCanBePurgedAndIsKeptAsUsual) {
    serve({.tag_field = "Surrogate-Key"});
    const std::string tag = "Surrogate-Key: " + image_.value + "\r\n";
    const auto hit = get_hit(dialect_path());
    EXPECT_TRUE(has(hit, tag));
    EXPECT_TRUE(has(hit, "max-age=86400"));
}

TEST_F(EdgeCaching, ThePlaceholderHasTheTagToo) {
    serve({.max_age_seconds = 600, .tag_field = "Surrogate-Key"});
    const auto r = get(path("placeholder"));
    ASSERT_EQ(r.status, 200U);
    EXPECT_TRUE(has(r, "Surrogate-Key: " + image_.value + "\r\n"));
    EXPECT_TRUE(has(r, "Cache-Control: public, max-age=600\r\n"));
}

TEST_F(EdgeCaching, APartIsOfTheSameBytesThatAreInMemory) {
    const auto whole = get_hit(path("w=320,f=jpeg"));
    const auto part = get(path("w=320,f=jpeg"), {{"Range", "bytes=2-4"}});
    ASSERT_EQ(part.status, 206U);
    const auto& body = std::get<http::PartBody>(part.body);
    EXPECT_EQ(body.whole, std::get<http::SharedBody>(whole.body));
    EXPECT_EQ(body.text(), "320");
}

TEST_F(EdgeCaching, OnlyPlainHitsOfPublicPicturesAreKeptHot) {
    EXPECT_TRUE(get_hit(path("w320")).repeat);
    EXPECT_FALSE(get(path("w320"), {{"Range", "bytes=0-1"}}).repeat);
    EXPECT_FALSE(ask("HEAD", path("w320"), {}).repeat);
    const auto signed_url = signer_.sign(path("w=301,f=jpeg"), clock_.now() + 1h);
    const auto signed_hit = get_hit(signed_url);
    EXPECT_EQ(signed_hit.status, 200U);
    EXPECT_FALSE(signed_hit.repeat) << "it has an end";
    policies_["default"].visibility = Visibility::kPrivate;
    const auto private_hit = get_hit(signer_.sign(path("w320"), clock_.now() + 1h));
    EXPECT_EQ(private_hit.status, 200U);
    EXPECT_TRUE(has(private_hit, "private, max-age=300"));
    EXPECT_FALSE(private_hit.repeat);
    EXPECT_EQ(get(path("w320")).status, 404U);
}

TEST_F(EdgeCaching, StaleHitsAreNotKeptHotAndSayWhy) {
    get_hit(path("w320"));
    catalog_->is_down = true;
    clock_.advance(92s);
    const auto by_error = get(path("w320"));
    EXPECT_EQ(by_error.status, 200U);
    EXPECT_FALSE(by_error.repeat);
    EXPECT_TRUE(has(by_error, "Cache-Status: pixgate; hit; ttl=-90; detail=stale-if-error\r\n"))
        << head_of(by_error);
    catalog_->is_down = false;
    clock_.advance(2s);
    get(path("w320"));
    settle();
    catalog_->delay = 400ms;
    clock_.advance(3s);
    const auto by_slowness = get(path("w320"));
    EXPECT_EQ(by_slowness.status, 200U);
    EXPECT_FALSE(by_slowness.repeat);
    EXPECT_TRUE(has(by_slowness, "; detail=stale-while-revalidate\r\n")) << head_of(by_slowness);
}

TEST_F(EdgeCaching, ASignedUrlPastItsEndIsNotServedAfterItsHotTwin) {
    const auto plain = path("w=320,f=jpeg");
    const auto signed_url = signer_.sign(plain, clock_.now() + 10s);
    const test::TestServer server(std::move(router_), http::ServerLimits{}, 1);
    const auto status_of = [&](const std::string& target) {
        return server.ask("GET " + target + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .substr(9, 3);
    };
    auto socket = server.connect();
    for (const auto* target : {&plain, &plain, &signed_url, &signed_url}) {
        socket.send("GET " + *target + " HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_TRUE(socket.read_until(" of 12").starts_with("HTTP/1.1 200"));
    }
    clock_.advance(20s);
    socket.send("GET " + signed_url + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_FALSE(socket.read_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
    EXPECT_EQ(status_of(plain), "200");
}

TEST_F(EdgeCaching, AGreyPictureInPlaceOfOneOnItsWaySaysWhenToComeBack) {
    policies_["default"].pending = WhilePending::kPlaceholder;
    NewImage row;
    row.image.id = ImageId{ids_.uuid_v7()};
    row.image.owner = "u1";
    row.image.policy = "default";
    row.image.created_at = clock_.now();
    image_ = row.image.id;
    ASSERT_TRUE(run_task(adapters_.catalog->create(std::move(row))));
    const auto r = get(path("w320"));
    EXPECT_EQ(r.status, 200U);
    EXPECT_TRUE(has(r, "Content-Type: image/svg+xml\r\n"));
    EXPECT_TRUE(has(r, "Retry-After: 1\r\n"));
    EXPECT_TRUE(has(r, "Cache-Control: no-store\r\n"));
}

}  // namespace
}  // namespace pixgate::edge
