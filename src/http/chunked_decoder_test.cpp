#include "http/chunked_decoder.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace pixgate::http {
namespace {

using State = ChunkedDecoder::State;

struct Outcome {
    State state;
    std::string body;
    std::string rest;  // what the decoder left
};

// Feeds the text in pieces of `piece` bytes.
Outcome decode(std::string_view text, std::size_t piece) {
    ChunkedDecoder decoder;
    Outcome out{State::kNeedMore, {}, {}};
    while (!text.empty()) {
        auto input = text.substr(0, piece);
        const auto step = decoder.decode(as_bytes(input));
        out.state = step.state;
        out.body += as_text(step.data);
        text.remove_prefix(step.taken);
        if (step.state == State::kBad) return out;
        if (step.state == State::kEnd) break;
    }
    out.rest = text;
    return out;
}

TEST(ChunkedDecoder, GivesTheBodyWhereverTheInputIsCut) {
    const std::string text =
        "5\r\nhello\r\n00000006;a=b;c=\"d e\"\r\n world\r\n0\r\nX-Sum: 1\r\n\r\nGET / HTTP/1.1";
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}, text.size()}) {
        const auto out = decode(text, piece);
        EXPECT_EQ(out.state, State::kEnd) << piece;
        EXPECT_EQ(out.body, "hello world") << piece;
        EXPECT_EQ(out.rest, "GET / HTTP/1.1") << piece;
    }
}

TEST(ChunkedDecoder, RefusesWhatOthersReadDifferently) {
    const std::vector<std::string> cases{
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "5\t\r\nhello\r\n0\r\n\r\n",
        "5 ;a=b\r\nhello\r\n0\r\n\r\n",
        "5_0\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        ";a=b\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "00000000000000005\r\nhello\r\n0\r\n\r\n",  // 17 digits
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloX\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\n\r\n",
        "5\r\nhello\r\n0\r\n\n",
        "5\rX\nhello\r\n0\r\n\r\n",
        "5\r\rhello\r\n0\r\n\r\n",
        "5;\r\nhello\r\n0\r\n\r\n",
        "5;a\nb\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        std::string("5;a\0b\r\nhello\r\n0\r\n\r\n", 19),
        "5;a\x01\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nbad trailer\r\n\r\n",
        "5\r\nhello\r\n0\r\nX : 1\r\n\r\n",
        "5\r\nhello\r\n0\r\n folded: 1\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: 1\nY: 2\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: \x01\r\n\r\n",
    };
    for (const auto& text : cases) {
        EXPECT_EQ(decode(text, text.size()).state, State::kBad) << text;
        EXPECT_EQ(decode(text, 1).state, State::kBad) << text;
    }
}

TEST(ChunkedDecoder, ACutBodyIsNeverAnEnd) {
    const std::string text = "5\r\nhello\r\n0\r\n\r\n";
    for (std::size_t n = 1; n < text.size(); ++n) {
        const auto state = decode(std::string_view(text).substr(0, n), n).state;
        EXPECT_TRUE(state == State::kNeedMore || state == State::kData) << n;
    }
}

TEST(ChunkedDecoder, ExtensionsAndTrailersAreBounded) {
    const std::string long_extension = "5;" + std::string(5000, 'a') + "\r\nhello\r\n0\r\n\r\n";
    EXPECT_EQ(decode(long_extension, 100).state, State::kBad);
    std::string many;
    for (int i = 0; i < 100; ++i) many += "1;" + std::string(300, 'a') + "\r\nx\r\n";
    EXPECT_EQ(decode(many, 1000).state, State::kBad);
    std::string trailers = "0\r\n";
    for (int i = 0; i < 2000; ++i) trailers += "X-Trailer: 12345678\r\n";
    EXPECT_EQ(decode(trailers, 1000).state, State::kBad);
}

TEST(ChunkedDecoder, ABrokenBodyStaysBroken) {
    ChunkedDecoder decoder;
    EXPECT_EQ(decoder.decode(as_bytes("z")).state, State::kBad);
    EXPECT_EQ(decoder.decode(as_bytes("0\r\n\r\n")).state, State::kBad);
}

}  // namespace
}  // namespace pixgate::http
