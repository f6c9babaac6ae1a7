// Authentication as it meets the operations: vectors, presigned uploads, refusals.
#include <gtest/gtest.h>

#include "aws/presign.h"
#include "tests/support/store_client.h"

namespace pixgate::store {
namespace {

using namespace std::chrono_literals;
using testing::StoreAnswer;
using testing::StoreRequest;
using testing::TestStore;

std::string code_of(const StoreAnswer& answer) {
    return answer.element("Code");
}

// A golden request as it goes to the handler.
StoreRequest request_of(const testing::SignedVector& v) {
    StoreRequest request;
    request.method = v.method;
    request.target = v.target();
    request.headers = v.headers;
    request.body = v.body;
    return request;
}

TEST(StoreAuth, RefusalsReadNoBodyAndTellHeadNothing) {
    TestStore store;
    const StoreRequest anonymous{"PUT", "/bkt/k", {{"Host", "127.0.0.1:9000"}}, "x", true, {}};
    const auto answer = store.send(anonymous);
    EXPECT_EQ(answer.status, 403U);
    EXPECT_EQ(code_of(answer), "AccessDenied");
    EXPECT_FALSE(answer.body_was_read);
    EXPECT_EQ(answer.get("Content-Type"), "application/xml");
    EXPECT_EQ(answer.element("RequestId"), answer.get("x-amz-request-id"));
    const StoreRequest head{"HEAD", "/bkt/k", {{"Host", "127.0.0.1:9000"}}, "", true, {}};
    EXPECT_EQ(store.send(head).status, 403U);
    EXPECT_EQ(store.send(head).body, "");
    const StoreRequest wrong = testing::signed_with(
        {"GET", "/bkt/k", {}, "", true, {}}, store.clock.now(), testing::kExampleKeyId, "wrong"
    );
    EXPECT_EQ(code_of(store.send(wrong)), "SignatureDoesNotMatch");
    const StoreRequest unknown = testing::signed_with(
        {"GET", "/bkt/k", {}, "", true, {}}, store.clock.now(), "AKIAUNKNOWN", "wrong"
    );
    EXPECT_EQ(store.send(unknown).status, 403U);
}

TEST(StoreAuth, BodiesThatAreNotWhatWasSignedAreRefusedAsTheVectorsSay) {
    int n = 0;
    for (const auto& r : testing::refusal_vectors()) {
        if (!r.is_about_body) continue;
        ++n;
        TestStore store;
        store.clock.set(r.request.at);
        const auto answer = store.send(request_of(r.request));
        EXPECT_EQ(answer.status, r.status) << r.id;
        EXPECT_EQ(code_of(answer), r.code) << r.id;
        const auto path = r.request.path;
        EXPECT_EQ(store.call("HEAD", path).status, 404U) << r.id << ": nothing is stored";
    }
    EXPECT_EQ(n, 3);
}

TEST(StoreAuth, ThePutsOfTheVectorsAreStored) {
    for (const auto* id :
         {"h05-put-korean", "h13-meta-spaces", "h16-default-checksum-http", "p04-put-host-only",
          "p05-put-bounded", "p11-put-meta", "p13-js-put-bounded", "p14-js-put-default"}) {
        auto v = testing::signed_vector(id);
        TestStore store;
        if (v.body.empty() && v.header("Content-Length") == "5") v.body = "hello";
        const auto answer = store.send(request_of(v));
        EXPECT_EQ(answer.status, 200U) << id << answer.body;
        const auto got = store.call("GET", v.path);
        EXPECT_EQ(got.body, v.body) << id;
    }
}

TEST(StorePresigned, TheUploadOfABrowserIsTakenOnceAndOnlyAsPermitted) {
    TestStore store;
    aws::PresignConfig config;
    config.endpoint = "http://127.0.0.1:9000";
    config.access_key_id = testing::kExampleKeyId;
    config.secret = testing::kExampleSecret;
    const aws::Presigner presigner(config, store.clock);
    aws::PresignPut permission;
    permission.bucket = "bkt";
    permission.key = "id/original";
    permission.size_bytes = 5;
    permission.content_type = "image/png";
    const auto presigned = presigner.put(permission);
    StoreRequest put;
    put.method = presigned.method;
    put.target = presigned.url.substr(config.endpoint.size());
    put.headers = presigned.headers;
    put.headers.emplace_back("Host", "127.0.0.1:9000");
    put.headers.emplace_back("Content-Length", "5");
    put.headers.emplace_back("Origin", "https://page.example");
    put.body = "hello";

    for (const auto* kept :
         {"content-disposition", "Content-Encoding", "Content-Language", "Expires"}) {
        auto decorated = put;
        decorated.headers.emplace_back(kept, "x");
        const auto refused = store.send(decorated);
        EXPECT_EQ(refused.status, 403U) << kept;
        EXPECT_EQ(code_of(refused), "AccessDenied") << kept;
        EXPECT_FALSE(refused.body_was_read) << kept;
    }
    auto longer = put;
    longer.body = "hello!";
    longer.headers[3].second = "6";
    EXPECT_EQ(store.send(longer).status, 403U);
    EXPECT_FALSE(store.send(longer).body_was_read);
    // Browsers say so by themselves where a request has If-None-Match: taken, but not kept.
    auto from_browser = put;
    from_browser.headers.emplace_back("Cache-Control", "no-cache");
    from_browser.headers.emplace_back("Pragma", "no-cache");
    EXPECT_EQ(store.send(from_browser).status, 200U);
    EXPECT_EQ(store.send(put).status, 412U) << "the same URL a second time";
    const auto stored = run_task(store.adapters.store->head("bkt", "id/original"));
    ASSERT_TRUE(stored);
    EXPECT_FALSE(stored->headers.contains("cache-control"));
    store.clock.advance(301s);
    const auto late = store.send(put);
    EXPECT_EQ(late.element("Message"), "Request has expired");
    EXPECT_FALSE(late.body_was_read);
}

}  // namespace
}  // namespace pixgate::store
