#include "http/head_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace pixgate::http {
namespace {

// 0: more is needed; 1: well-formed; else the status of the refusal.
unsigned verdict(std::string_view text, HeadLimits limits = {}) {
    Head head;
    HeadParser parser(limits);
    const auto result = parser.feed(text, head);
    if (!result) return result.error().status;
    return *result ? 1 : 0;
}

struct Case {
    std::string text;
    unsigned verdict;
};

std::string get(std::string_view fields) {
    return "GET / HTTP/1.1\r\n" + std::string(fields) + "\r\n";
}
std::string post(std::string_view fields) {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

void expect_all(const std::vector<Case>& cases) {
    for (const Case& c : cases) EXPECT_EQ(verdict(c.text), c.verdict) << c.text;
}

TEST(HeadParser, ReadsTheParts) {
    const std::string text =
        "PUT /b/k%20x?a=1&b HTTP/1.1\r\nHost: example.org:8080\r\nContent-Length:  12 \r\n"
        "X-Name: \t v w\t \r\nEmpty:\r\n\r\nbody";
    Head head;
    HeadParser parser({});
    ASSERT_TRUE(parser.feed(text, head).value());
    EXPECT_EQ(head.size_bytes, text.size() - 4);
    EXPECT_EQ(head.method, "PUT");
    EXPECT_EQ(head.path, "/b/k%20x");
    EXPECT_EQ(head.query, "a=1&b");
    EXPECT_EQ(head.host, "example.org:8080");
    EXPECT_EQ(head.fields.get("x-name"), "v w");
    EXPECT_EQ(head.fields.get("empty"), "");
    EXPECT_EQ(head.content_length, 12U);
    EXPECT_TRUE(head.has_body());
    EXPECT_TRUE(head.wants_keep_alive);
}

TEST(HeadParser, TheSameWhereverTheBytesAreCut) {
    const std::string text = "GET /a?b HTTP/1.1\r\nHost: h\r\nAccept: */*\r\n\r\n";
    for (std::size_t cut = 0; cut < text.size(); ++cut) {
        Head head;
        HeadParser parser({});
        ASSERT_FALSE(parser.feed(std::string_view(text).substr(0, cut), head).value()) << cut;
        ASSERT_TRUE(parser.feed(text, head).value()) << cut;
        EXPECT_EQ(head.size_bytes, text.size());
        EXPECT_EQ(head.fields.size(), 2U);
    }
}

TEST(HeadParser, RefusesEveryAmbiguousLength) {
    expect_all({
        {post("Content-Length: 5\r\n"), 1},
        {post("Content-Length: 0\r\n"), 1},
        {post("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
        {post("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
        {post("Content-Length: 5, 5\r\n"), 400},
        {post("Content-Length: 5,5\r\n"), 400},
        {post("Content-Length: +5\r\n"), 400},
        {post("Content-Length: -5\r\n"), 400},
        {post("Content-Length: 0x5\r\n"), 400},
        {post("Content-Length: 5 5\r\n"), 400},
        {post("Content-Length: 05\r\n"), 400},
        {post("Content-Length: 5.0\r\n"), 400},
        {post("Content-Length: \"5\"\r\n"), 400},
        {post("Content-Length: \r\n"), 400},
        {post("Content-Length: 9999999999999999999\r\n"), 400},
        {post("Content-Length: 99999999999999999999999999\r\n"), 400},
        {post("Content-Length : 5\r\n"), 400},
        {post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
        {post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), 400},
    });
}

TEST(HeadParser, RefusesEveryTransferEncodingButChunked) {
    expect_all({
        {post("Transfer-Encoding: chunked\r\n"), 1},
        {post("transfer-encoding:chunked\r\n"), 1},
        {post("Transfer-Encoding: xchunked\r\n"), 400},
        {post("Transfer-Encoding: chunked, identity\r\n"), 400},
        {post("Transfer-Encoding: identity, chunked\r\n"), 400},
        {post("Transfer-Encoding: gzip, chunked\r\n"), 400},
        {post("Transfer-Encoding: chunked, chunked\r\n"), 400},
        {post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
        {post("Transfer-Encoding: identity\r\n"), 400},
        {post("Transfer-Encoding: Chunked\r\n"), 400},
        {post("Transfer-Encoding: \"chunked\"\r\n"), 400},
        {post("Transfer-Encoding: chunked;q=1\r\n"), 400},
        {post("Transfer-Encoding:\r\n"), 400},
        {post("Transfer-Encoding: \x0b"
              "chunked\r\n"),
         400},
        {post("Transfer-Encoding\r\n: chunked\r\n"), 400},
        {post("Transfer-Encoding : chunked\r\n"), 400},
        {post(" Transfer-Encoding: chunked\r\n"), 400},
        {post("X: y\r\n Transfer-Encoding: chunked\r\n"), 400},
        {post("X: y\nTransfer-Encoding: chunked\r\n"), 400},
        {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    });
}

TEST(HeadParser, RefusesBrokenLinesAndCharacters) {
    expect_all({
        {"GET / HTTP/1.1\nHost: a\n\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400},
        {"GET / HTTP/1.1\rHost: a\r\n\r\n", 400},
        {get("Host: a\r\nX: a\r\n folded\r\n"), 400},
        {get("Host: a\r\nX: a\r\n\tfolded\r\n"), 400},
        {get(" Host: a\r\n"), 400},
        {get("Host: a\r\nX : b\r\n"), 400},
        {get("Host: a\r\nX\t: b\r\n"), 400},
        {get("Host: a\r\n: b\r\n"), 400},
        {get("Host: a\r\nno colon\r\n"), 400},
        {get("Host: a\r\nX(y): b\r\n"), 400},
        {get("Host: a\r\nX\xc3\xa9: b\r\n"), 400},
        {get(std::string("Host: a\r\nX: b\0c\r\n", 17)), 400},
        {get("Host: a\r\nX: b\x01\r\n"), 400},
        {get("Host: a\r\nX: b\x7f\r\n"), 400},
        {get("Host: a\r\nX: caf\xc3\xa9\r\n"), 1},
        {std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 28), 400},
        {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 1},
        {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    });
}

TEST(HeadParser, RefusesBrokenRequestLines) {
    expect_all({
        {"GET /\r\n", 400},
        {"GET\r\n", 400},
        {"\x16\x03\x01", 400},
        {" GET / HTTP/1.1\r\n", 400},
        {"GET  / HTTP/1.1\r\n", 400},
        {"GET /  HTTP/1.1\r\n", 400},
        {"GET\t/\tHTTP/1.1\r\n", 400},
        {"GET / HTTP/1.1 \r\n", 400},
        {"GET /a b HTTP/1.1\r\n", 400},
        {"GET / http/1.1\r\n", 400},
        {"GET / HTTP/1.10\r\n", 400},
        {"GET / HTTP/01.1\r\n", 400},
        {"GET / HTTP/1,1\r\n", 400},
        {"GET / HTTP/\r\n", 400},
        {"GET / HTTPS/1.1\r\n", 400},
        {"GET / HTTP/1.2\r\n", 505},
        {"GET / HTTP/2.0\r\n", 505},
        {"GET / HTTP/0.9\r\n", 505},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"G@T / HTTP/1.1\r\n", 400},
        {"GET( / HTTP/1.1\r\n", 400},
        {"CONNECT a:443 HTTP/1.1\r\n", 501},
        {"TRACE / HTTP/1.1\r\n", 501},
        {std::string(40, 'A') + " / HTTP/1.1\r\n", 501},
        {"GET * HTTP/1.1\r\n", 400},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 1},
        {"GET relative HTTP/1.1\r\n", 400},
        {"GET /a#b HTTP/1.1\r\n", 400},
        {"GET /caf\xc3\xa9 HTTP/1.1\r\n", 400},
        {"GET /\x7f HTTP/1.1\r\n", 400},
    });
}

TEST(HeadParser, RefusesAHostThatIsMissingDoubledOrOdd) {
    expect_all({
        {get("Host: a\r\n"), 1},
        {get("Host: [::1]:8080\r\n"), 1},
        {get("Host: a.b-c_d:0\r\n"), 1},
        {get(""), 400},
        {get("Host:\r\n"), 400},
        {get("Host: a\r\nHost: a\r\n"), 400},
        {get("Host: a\r\nHost: b\r\n"), 400},
        {get("Host: a, b\r\n"), 400},
        {get("Host: a/b\r\n"), 400},
        {get("Host: u@a\r\n"), 400},
        {get("Host: a b\r\n"), 400},
        {get("Host: a:b\r\n"), 400},
        {get("Host: a:\r\n"), 400},
        {get("Host: :80\r\n"), 400},
        {get("Host: a:123456\r\n"), 400},
        {get("Host: [::1\r\n"), 400},
        {get("Host: []\r\n"), 400},
        {get("Host: [::1]x\r\n"), 400},
        {"GET / HTTP/1.0\r\n\r\n", 1},
        {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400},
    });
}

TEST(HeadParser, AnAbsoluteTargetMustNameTheSameHost) {
    expect_all({
        {"GET http://a.b/x HTTP/1.1\r\nHost: a.b\r\n\r\n", 1},
        {"GET HTTP://A.b?q HTTP/1.1\r\nHost: a.B\r\n\r\n", 1},
        {"GET http://a.b/x HTTP/1.1\r\nHost: c.d\r\n\r\n", 400},
        {"GET http://a.b:81/ HTTP/1.1\r\nHost: a.b\r\n\r\n", 400},
        {"GET http://u@a.b/ HTTP/1.1\r\nHost: a.b\r\n\r\n", 400},
        {"GET http:///x HTTP/1.1\r\nHost: a.b\r\n\r\n", 400},
        {"GET ftp://a.b/ HTTP/1.1\r\nHost: a.b\r\n\r\n", 400},
        {"GET a.b/ HTTP/1.1\r\nHost: a.b\r\n\r\n", 400},
    });
    Head head;
    HeadParser parser({});
    ASSERT_TRUE(parser.feed("GET http://a.b?q HTTP/1.1\r\nHost: a.b\r\n\r\n", head).value());
    EXPECT_EQ(head.path, "/");
    EXPECT_EQ(head.query, "q");
}

TEST(HeadParser, SizesOverTheLimitsAre414And431) {
    const std::string big(100'000, 'a');
    EXPECT_EQ(verdict("GET /" + big), 414U);
    EXPECT_EQ(verdict("GET /" + big.substr(0, 9000) + " HTTP/1.1\r\n"), 414U);
    EXPECT_EQ(verdict("GET /" + big.substr(0, 8000) + " HTTP/1.1\r\nHost: a\r\n\r\n"), 1U);
    EXPECT_EQ(verdict(get("Host: a\r\nX: " + big + "\r\n")), 431U);
    EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nX: " + big), 431U);
    std::string many = "Host: a\r\n";
    for (int i = 0; i < 99; ++i) many += "A: b\r\n";
    EXPECT_EQ(verdict(get(many)), 1U);
    EXPECT_EQ(verdict(get(many + "A: b\r\n")), 431U);
    for (int i = 0; i < 10'000; ++i) many += "A: b\r\n";
    EXPECT_EQ(verdict(get(many)), 431U);
}

TEST(HeadParser, ConnectionAndExpectAreUnderstood) {
    const auto parse = [](std::string_view text) {
        Head head;
        HeadParser parser({});
        EXPECT_TRUE(parser.feed(text, head).value_or(false)) << text;
        return std::pair(head.wants_keep_alive, head.expects_continue);
    };
    EXPECT_FALSE(parse(get("Host: a\r\nConnection: x, Close\r\n")).first);
    EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").first);
    EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").first);
    EXPECT_TRUE(parse(post("Expect: 100-Continue\r\nContent-Length: 3\r\n")).second);
    EXPECT_FALSE(parse(get("Host: a\r\nExpect: 100-continue\r\n")).second);
    EXPECT_EQ(verdict(post("Expect: 200-ok\r\nContent-Length: 3\r\n")), 417U);
}

}  // namespace
}  // namespace pixgate::http
