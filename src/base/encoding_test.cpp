#include "base/encoding.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

TEST(Base64, TheVectorsOfRfc4648) {
    const std::pair<const char*, const char*> cases[] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"}
    };
    for (const auto& [plain, text] : cases) {
        EXPECT_EQ(base64_encode(as_bytes(plain)), text);
        EXPECT_EQ(as_text(base64_decode(text).value()), plain);
    }
}

TEST(Base64, TextThatIsNotCanonicalIsRefused) {
    // Two texts for the same bytes would let one value pass where another was checked.
    for (const char* text : {"Zh==", "Zg=", "Zg", "Z", "Zm9=v", "Zm9v\n", "Zm 9", "Zm9-", "===="}) {
        EXPECT_FALSE(base64_decode(text)) << text;
    }
    EXPECT_TRUE(base64url_decode("Zm9-"));
    EXPECT_FALSE(base64url_decode("Zg=="));
}

TEST(Hex, OnlyWholeBytesOfHexDigits) {
    EXPECT_EQ(hex_encode(as_bytes("\x01\xff")), "01ff");
    EXPECT_EQ(as_text(hex_decode("01Ff").value()), "\x01\xff");
    EXPECT_FALSE(hex_decode("0"));
    EXPECT_FALSE(hex_decode("0g"));
}

TEST(PercentEncoding, TheUnreservedSetOfSigV4) {
    EXPECT_EQ(percent_encode("a/b c+d~e", true), "a/b%20c%2Bd~e");
    EXPECT_EQ(percent_encode("a/b", false), "a%2Fb");
    EXPECT_EQ(percent_encode("\xec\x82\xac", true), "%EC%82%AC");
    EXPECT_EQ(percent_decode("a%2Fb+c").value(), "a/b+c");
    EXPECT_EQ(form_decode("a%2Bb+c").value(), "a+b c");
    for (const char* text : {"%", "%4", "%zz", "a%"}) EXPECT_FALSE(percent_decode(text)) << text;
}

TEST(Utf8, OverlongFormsSurrogatesAndCutsAreNotText) {
    EXPECT_TRUE(is_utf8("\xed\x95\x9c\xea\xb8\x80"));
    EXPECT_TRUE(is_utf8("\xf0\x9f\x98\x80"));
    for (const char* text :
         {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80", "\xff"}) {
        EXPECT_FALSE(is_utf8(text));
    }
}

TEST(ConstantTimeEqual, IsEquality) {
    EXPECT_TRUE(constant_time_equal("abc", "abc"));
    EXPECT_FALSE(constant_time_equal("abc", "abd"));
    EXPECT_FALSE(constant_time_equal("abc", "ab"));
    EXPECT_TRUE(constant_time_equal("", ""));
}

}  // namespace
}  // namespace pixgate
