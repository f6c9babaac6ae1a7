#include "tests/support/api_fixture.h"

#include "roles/api/web_assets.h"

namespace pixgate::testing {
namespace {

class Pages : public ApiFixture {};

TEST_F(Pages, HealthIsCoarse) {
    auto health = ask("GET", "/healthz", "");
    EXPECT_EQ(text_of(health), R"({"status":"ok"})");
    EXPECT_EQ(ask("GET", "/readyz", "").status, 200U);
    is_ready_ = false;
    auto not_ready = ask("GET", "/readyz", "");
    EXPECT_EQ(not_ready.status, 503U);
    EXPECT_EQ(text_of(not_ready).find("secret"), std::string::npos);
}

TEST_F(Pages, ReadinessSaysThatTheSandboxIsOpen) {
    options_.is_sandbox_tight = false;
    rebuild();
    auto ready = ask("GET", "/readyz", "");
    EXPECT_EQ(ready.status, 200U);
    EXPECT_EQ(text_of(ready), R"({"status":"ready","sandbox":"not_tight"})");
}

TEST_F(Pages, UnknownPathsAndMethodsAreProblems) {
    auto absent = ask("GET", "/v1/nothing", kAdminKey);
    EXPECT_EQ(absent.status, 404U);
    EXPECT_EQ(code_of(absent), "not_found");
    auto method = ask("PUT", "/v1/uploads", kAdminKey);
    EXPECT_EQ(method.status, 405U);
    EXPECT_EQ(method.get("Allow"), "POST");
    EXPECT_EQ(ask("GET", "/v1/images/%zz", kAdminKey).status, 400U);
}

TEST_F(Pages, AnswersCarryTheirIdAndAreNotSniffed) {
    for (const char* target : {"/v1/images", "/healthz", "/", "/absent"}) {
        auto response = ask("GET", target, kAliceKey);
        EXPECT_EQ(response.get("X-Content-Type-Options"), "nosniff") << target;
        EXPECT_EQ(response.get("X-Request-Id"), "00000000000000aa") << target;
    }
}

TEST_F(Pages, TheEdgesAnswersAreLeftAsTheyAre) {
    for (const char* target : {"/i/x/w320", "/ipx/w_320/x", "/cdn-cgi/image/w=320/x"}) {
        EXPECT_EQ(ask("GET", target, "").get("X-Request-Id"), "") << target;
    }
    EXPECT_EQ(ask("GET", "/ipxx", "").get("X-Content-Type-Options"), "nosniff");
}

TEST_F(Pages, ThePageMayTalkToItselfAndToTheStoreOnly) {
    ASSERT_FALSE(roles::web_assets().empty());
    auto page = ask("GET", "/", "");
    ASSERT_EQ(page.status, 200U);
    const std::string policy(page.get("Content-Security-Policy"));
    EXPECT_NE(policy.find("default-src 'none'"), policy.npos);
    EXPECT_NE(policy.find("connect-src 'self' http://127.0.0.1:9000;"), policy.npos);
    EXPECT_NE(policy.find("frame-ancestors 'none'"), policy.npos);
    EXPECT_EQ(policy.find("unsafe"), policy.npos);
    EXPECT_EQ(page.get("X-Frame-Options"), "DENY");
}

TEST_F(Pages, EveryFileIsServedWithItsTypeAndETag) {
    for (const auto& asset : roles::web_assets()) {
        auto response = ask("GET", asset.path, "");
        EXPECT_EQ(response.status, 200U) << asset.path;
        EXPECT_EQ(response.get("Content-Type"), asset.content_type);
        EXPECT_EQ(text_of(response), asset.content);
        auto again =
            ask("GET", asset.path, "", "", {{"If-None-Match", std::string(response.get("ETag"))}});
        EXPECT_EQ(again.status, 304U) << asset.path;
        EXPECT_TRUE(text_of(again).empty());
    }
}

TEST_F(Pages, TheDescriptionOfTheApiIsServed) {
    auto response = ask("GET", "/openapi.yaml", "");
    EXPECT_EQ(response.get("Content-Type"), "application/yaml");
    EXPECT_TRUE(text_of(response).starts_with("openapi: 3.1"));
}

// Attack 138.
TEST_F(Pages, CorsIsForTheListedOriginsOnly) {
    const Headers evil{{"Origin", "https://evil.example"}};
    EXPECT_TRUE(
        ask("GET", "/v1/images", kAliceKey, "", evil).get("Access-Control-Allow-Origin").empty()
    );
    options_.cors_allowed_origins = {"https://app.example"};
    rebuild();
    for (const char* origin :
         {"https://evil.example", "null", "https://app.example.evil", "http://app.example", ""}) {
        auto response = ask("GET", "/v1/images", kAliceKey, "", {{"Origin", origin}});
        EXPECT_TRUE(response.get("Access-Control-Allow-Origin").empty()) << origin;
        EXPECT_EQ(response.get("Vary"), "Origin");
    }
    const Headers good{{"Origin", "https://app.example"}};
    auto refused = ask("GET", "/v1/images", "wrong", "", good);
    EXPECT_EQ(refused.status, 401U);
    EXPECT_EQ(refused.get("Access-Control-Allow-Origin"), "https://app.example")
        << "errors too can be read";
    EXPECT_TRUE(refused.get("Access-Control-Allow-Credentials").empty());
    EXPECT_EQ(
        ask("GET", "/v1/absent", "", "", good).get("Access-Control-Allow-Origin"),
        "https://app.example"
    );
}

TEST_F(Pages, PreflightsAreAnswered) {
    options_.cors_allowed_origins = {"https://app.example"};
    rebuild();
    const Headers ask_post{
        {"Origin", "https://app.example"}, {"Access-Control-Request-Method", "POST"}
    };
    auto response = ask("OPTIONS", "/v1/uploads", "", "", ask_post);
    EXPECT_EQ(response.status, 204U);
    EXPECT_EQ(response.get("Access-Control-Allow-Origin"), "https://app.example");
    const std::string headers(response.get("Access-Control-Allow-Headers"));
    for (const char* name : {"Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID"}) {
        EXPECT_NE(headers.find(name), headers.npos) << name;
    }
    auto evil =
        ask("OPTIONS", "/v1/uploads", "", "",
            {{"Origin", "https://evil.example"}, {"Access-Control-Request-Method", "POST"}});
    EXPECT_TRUE(evil.get("Access-Control-Allow-Methods").empty());
    EXPECT_TRUE(evil.get("Access-Control-Allow-Origin").empty());
}

}  // namespace
}  // namespace pixgate::testing
