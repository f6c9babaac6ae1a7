#include <gtest/gtest.h>

#include "base/json_reader.h"
#include "base/json_writer.h"

namespace pixgate {
namespace {

Result<void> read_whole(std::string_view text) {
    JsonReader json(text);
    CHECK_OK(json.skip());
    return json.end();
}

TEST(JsonReader, TakesWhatTheGrammarAllows) {
    for (const char* text :
         {"{}", "[]", " \t\r\n{ \"a\" : [ 1 , -2.5e+3 , true , false , null , \"x\" ] } ",
          R"("\u00e9\ud83d\ude00\n\/")", "0", "-0", "12", "\"\xc3\xa9\""}) {
        EXPECT_TRUE(read_whole(text)) << text;
    }
}

TEST(JsonReader, RefusesWhatTheGrammarForbids) {
    for (const char* text :
         {"",
          " ",
          "{",
          "[",
          "\"",
          "{}x",
          "{\"a\"}",
          "{\"a\":}",
          "{\"a\":1,}",
          "[1,]",
          "[,1]",
          "{,}",
          "01",
          "1.",
          ".5",
          "+1",
          "1e",
          "-",
          "tru",
          "nul",
          "NaN",
          "'a'",
          "{a:1}",
          "[1 2]",
          "{\"a\":1 \"b\":2}",
          "\"\t\"",
          R"("\x")",
          R"("\u12")",
          R"("\ud800")",
          R"("\udc00")",
          R"("\ud800\u0041")",
          "\"\xff\"",
          "\"\xc0\xaf\"",
          "\"\xed\xa0\x80\"",
          "[1]]",
          "]",
          "// c\n1"}) {
        EXPECT_FALSE(read_whole(text)) << text;
    }
}

TEST(JsonReader, RefusesDuplicateKeysAlsoWhenTheyAreWrittenDifferently) {
    EXPECT_FALSE(read_whole(R"({"a":1,"a":2})"));
    EXPECT_FALSE(read_whole(R"({"a":1,"\u0061":2})"));
    EXPECT_FALSE(read_whole(R"({"x":{"a":1,"a":2}})"));
    EXPECT_TRUE(read_whole(R"({"a":1,"b":{"a":2}})"));
}

TEST(JsonReader, StopsAtTheDepthAndMemberLimits) {
    EXPECT_TRUE(read_whole("[[[[[[[[]]]]]]]]"));
    EXPECT_FALSE(read_whole("[[[[[[[[[]]]]]]]]]"));
    EXPECT_FALSE(read_whole(std::string(60'000, '[')));
    std::string wide = "{";
    for (int i = 0; i < 300; ++i) wide += "\"k" + std::to_string(i) + "\":0,";
    wide.back() = '}';
    EXPECT_FALSE(read_whole(wide));
}

TEST(JsonReader, TakesWholeNumbersOnly) {
    const auto number = [](std::string_view text) { return JsonReader(text).integer(); };
    EXPECT_EQ(number("9223372036854775807"), INT64_MAX);
    EXPECT_EQ(number("-5"), -5);
    for (const char* text : {"9223372036854775808", "1.0", "1e9", "\"1\"", "true", "1e400"}) {
        EXPECT_FALSE(number(text)) << text;
    }
}

TEST(JsonReader, DecodesEscapes) {
    EXPECT_EQ(JsonReader(R"("a\"\\\u00e9\ud83d\ude00")").string(), "a\"\\\xc3\xa9\xf0\x9f\x98\x80");
}

TEST(JsonWriter, WritesCommasAndEscapes) {
    JsonWriter w;
    w.begin_object().member("a", 1).member("b", "x\"\n\x7f").key("c").begin_array();
    w.value(true).null().begin_object().end_object().end_array().member("d", -2).end_object();
    EXPECT_EQ(w.text(), R"({"a":1,"b":"x\"\u000a\u007f","c":[true,null,{}],"d":-2})");
}

TEST(JsonWriter, AlwaysMakesUtf8) {
    JsonWriter w;
    w.value(
        "a\xff"
        "b\xc3\xa9"
    );
    EXPECT_TRUE(read_whole(w.text())) << w.text();
}

}  // namespace
}  // namespace pixgate
