#include "roles/store/cors.h"

#include <gtest/gtest.h>

#include "tests/support/store_client.h"

namespace pixgate::store {
namespace {

using testing::StoreAnswer;
using testing::StoreRequest;
using testing::TestStore;

StoreConfig config_for(std::vector<std::string> origins) {
    StoreConfig config;
    config.cors.allowed_origins = std::move(origins);
    return config;
}

StoreAnswer preflight(TestStore& store, const std::string& origin, const std::string& headers) {
    return store.send(
        {"OPTIONS",
         "/bkt/k?X-Amz-Signature=whatever",
         {{"Origin", origin},
          {"Access-Control-Request-Method", "PUT"},
          {"Access-Control-Request-Headers", headers}},
         "",
         true,
         {}}
    );
}

TEST(StoreCors, APreflightOfAnAllowedOriginNeedsNoSignature) {
    TestStore store(config_for({"https://a.example", "https://b.example"}));
    const auto answer =
        preflight(store, "https://b.example", "content-type, if-none-match, x-amz-checksum-sha256");
    EXPECT_EQ(answer.status, 200U);
    EXPECT_EQ(answer.body, "");
    EXPECT_EQ(answer.get("Access-Control-Allow-Origin"), "https://b.example");
    EXPECT_NE(answer.get("Access-Control-Allow-Methods").find("PUT"), std::string::npos);
    EXPECT_EQ(
        answer.get("Access-Control-Allow-Headers"),
        "content-type, if-none-match, x-amz-checksum-sha256"
    );
    EXPECT_EQ(answer.get("Access-Control-Max-Age"), "7200");
    EXPECT_NE(answer.get("Vary").find("Origin"), std::string::npos);
}

TEST(StoreCors, OtherOriginsMethodsAndHeaderListsAreForbidden) {
    TestStore store(config_for({"https://a.example"}));
    EXPECT_EQ(preflight(store, "https://evil.example", "").status, 403U);
    EXPECT_EQ(preflight(store, "https://a.example.evil", "").status, 403U);
    EXPECT_EQ(preflight(store, "null", "").status, 403U);
    EXPECT_EQ(preflight(store, "https://a.example", "x: y").status, 403U);
    EXPECT_EQ(preflight(store, "https://evil.example", "").get("Access-Control-Allow-Origin"), "");
    const StoreRequest patch{
        "OPTIONS",
        "/bkt/k",
        {{"Origin", "https://a.example"}, {"Access-Control-Request-Method", "PATCH"}},
        "",
        true,
        {}
    };
    EXPECT_EQ(store.send(patch).status, 403U);
    const StoreRequest bare{"OPTIONS", "/bkt/k", {}, "", true, {}};
    EXPECT_EQ(store.send(bare).element("Code"), "BadRequest");
    TestStore closed;
    const auto answer = preflight(closed, "https://a.example", "");
    EXPECT_EQ(answer.element("Code"), "AccessForbidden");
    EXPECT_NE(answer.element("Message").find("not enabled"), std::string::npos);
}

TEST(StoreCors, ErrorsCarryTheFieldsToo) {
    TestStore store(config_for({"https://a.example"}));
    const StoreRequest anonymous{"PUT", "/bkt/k", {{"Origin", "https://a.example"}, {"Host", "h"}},
                                 "x",   true,     {}};
    const auto answer = store.send(anonymous);
    EXPECT_EQ(answer.status, 403U);
    EXPECT_EQ(answer.get("Access-Control-Allow-Origin"), "https://a.example");
    EXPECT_NE(answer.get("Access-Control-Expose-Headers").find("ETag"), std::string::npos);
    EXPECT_NE(
        answer.get("Access-Control-Expose-Headers").find("x-amz-request-id"), std::string::npos
    );
}

TEST(StoreCors, AStarAllowsAllWithoutCredentials) {
    TestStore store(config_for({"*"}));
    const auto answer = preflight(store, "https://any.example", "content-type");
    EXPECT_EQ(answer.get("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(answer.get("Access-Control-Allow-Credentials"), "");
}

TEST(StoreCors, AnOriginAddedBeforeListeningIsAllowed) {
    TestStore store;
    store.handler->allow_origin("http://127.0.0.1:8080");
    EXPECT_EQ(preflight(store, "http://127.0.0.1:8080", "").status, 200U);
}

}  // namespace
}  // namespace pixgate::store
