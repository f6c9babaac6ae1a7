#include "http/router.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace pixgate::http {
namespace {

Handler says(std::string text) {
    return [text](Request& request) -> Task<Response> {
        std::string body = text;
        for (const auto& [name, value] : request.params) body += " " + name + "=" + value;
        co_return text_response(200, "text/plain", body);
    };
}

Response ask(const Router& router, std::string_view method, std::string_view path) {
    Request request;
    request.method = method;
    request.path = path;
    return run_task(router.handle(request));
}

std::string body_of(const Response& response) {
    const auto* text = std::get_if<std::string>(&response.body);
    return text ? *text : std::string("(no text)");
}

Router example() {
    Router router;
    router.add("GET", "/v1/images/{id}", says("one"));
    router.add("GET", "/v1/images/search", says("search"));
    router.add("DELETE", "/v1/images/{id}", says("delete"));
    router.add("GET", "/i/{id}/{preset}", says("picture"));
    router.add("GET", "/assets/{rest...}", says("asset"));
    return router;
}

TEST(RouterMatch, AParameterHoldsTheDecodedSegment) {
    EXPECT_EQ(body_of(ask(example(), "GET", "/v1/images/a%20b%2Fc")), "one id=a b/c");
    EXPECT_EQ(
        body_of(ask(example(), "GET", "/i/7/w=320,h=240")), "picture id=7 preset=w=320,h=240"
    );
}

TEST(RouterMatch, ALiteralWinsOverAParameterWhateverTheOrder) {
    EXPECT_EQ(body_of(ask(example(), "GET", "/v1/images/search")), "search");
}

TEST(RouterMatch, TheRemainderKeepsItsSlashes) {
    EXPECT_EQ(body_of(ask(example(), "GET", "/assets/js/a.js")), "asset rest=js/a.js");
    EXPECT_EQ(body_of(ask(example(), "GET", "/assets/")), "asset rest=");
    EXPECT_EQ(ask(example(), "GET", "/assets").status, 404U);
}

TEST(RouterMatch, EmptyAndExtraSegmentsDoNotMatch) {
    for (const auto* path :
         {"/v1/images/", "/v1/images/a/", "/v1//images/a", "/", "*", "/v1/images/a/b"}) {
        EXPECT_EQ(ask(example(), "GET", path).status, 404U) << path;
    }
}

TEST(RouterMatch, BrokenPercentEncodingIs400) {
    for (const auto* path :
         {"/v1/images/%", "/v1/images/%4", "/v1/images/%zz", "/v1/images/a%00b"}) {
        EXPECT_EQ(ask(example(), "GET", path).status, 400U) << path;
    }
}

TEST(RouterMatch, HeadIsServedByTheGetRoute) {
    EXPECT_EQ(body_of(ask(example(), "HEAD", "/v1/images/7")), "one id=7");
}

TEST(RouterMatch, AnotherMethodIs405WithAllow) {
    const auto response = ask(example(), "PUT", "/v1/images/7");
    EXPECT_EQ(response.status, 405U);
    EXPECT_EQ(response.get("Allow"), "GET, HEAD, DELETE");
}

TEST(RouterHandle, AnExceptionBecomes500AndFinishersStillRun) {
    Router router;
    router.add("GET", "/", [](Request&) -> Task<Response> {
        throw std::runtime_error("boom");
        co_return Response();
    });
    router.add_finisher([](const Request&, Response& r) { r.set("X-Seen", "1"); });
    const auto response = ask(router, "GET", "/");
    EXPECT_EQ(response.status, 500U);
    EXPECT_EQ(response.get("x-seen"), "1");
    EXPECT_EQ(body_of(response).find("boom"), std::string::npos);
}

TEST(RouterHandle, AFilterEndsARequestBeforeItsHandler) {
    auto router = example();
    router.add_filter([](Request& r) -> std::optional<Response> {
        if (r.method == "OPTIONS") return Response(204);
        return std::nullopt;
    });
    EXPECT_EQ(ask(router, "OPTIONS", "/nowhere").status, 204U);
    EXPECT_EQ(ask(router, "GET", "/nowhere").status, 404U);
}

TEST(RouterHandle, TheFallbackFormatsEveryRefusal) {
    auto router = example();
    router.set_fallback([](const Request&, unsigned status, std::string) {
        return text_response(status, "application/problem+json", "{}");
    });
    EXPECT_EQ(ask(router, "GET", "/nowhere").get("content-type"), "application/problem+json");
    EXPECT_EQ(ask(router, "PUT", "/v1/images/7").get("allow"), "GET, HEAD, DELETE");
}

TEST(RequestQuery, ValuesAreFormDecodedAndTheFirstWins) {
    Request request;
    request.query = "a=1+2%26&b&a=3&%63=x=y&bad=%z";
    EXPECT_EQ(request.query_value("a"), "1 2&");
    EXPECT_EQ(request.query_value("b"), "");
    EXPECT_EQ(request.query_value("c"), "x=y");
    EXPECT_EQ(request.query_value("bad"), std::nullopt);
    EXPECT_EQ(request.query_value("d"), std::nullopt);
}

TEST(MessageFields, NamesCompareWithoutCase) {
    Fields fields;
    fields.add("Content-Type", "a");
    fields.add("content-type", "b");
    EXPECT_EQ(fields.get("CONTENT-TYPE"), "a");
    EXPECT_EQ(fields.count("Content-type"), 2U);
    EXPECT_EQ(fields.get("x").data(), nullptr);
}

}  // namespace
}  // namespace pixgate::http
