#include "core/edge_signature.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

constexpr TimePoint kNow(std::chrono::milliseconds(1'767'225'600'000));
constexpr std::string_view kPath = "/i/0192f0c1-2222-7333-8444-555566667777/w640";

EdgeSigner signer() {
    return {{{"k1", std::string(32, '1')}, {"k2", std::string(32, '2')}}, "k2"};
}
std::string query_of(const std::string& url) {
    return url.substr(url.find('?') + 1);
}

TEST(EdgeSignature, WhatWasSignedIsAccepted) {
    const auto url = signer().sign(kPath, kNow + std::chrono::minutes(1));
    EXPECT_TRUE(url.starts_with(std::string(kPath) + "?exp="));
    EXPECT_TRUE(signer().verify(kPath, query_of(url), kNow).value());
    EXPECT_TRUE(signer().verify(kPath, "v=1&" + query_of(url) + "&x", kNow).value());
}

TEST(EdgeSignature, UrlsOfTheSameFiveMinutesAreTheSame) {
    const auto url = signer().sign(kPath, kNow + std::chrono::seconds(1));
    EXPECT_EQ(url, signer().sign(kPath, kNow + std::chrono::seconds(299)));
    EXPECT_NE(url, signer().sign(kPath, kNow + std::chrono::seconds(301)));
}

TEST(EdgeSignature, ItEndsWhenItSays) {
    const auto query = query_of(signer().sign(kPath, kNow + std::chrono::seconds(300)));
    EXPECT_TRUE(signer().verify(kPath, query, kNow + std::chrono::seconds(300)));
    const auto late = signer().verify(kPath, query, kNow + std::chrono::milliseconds(300'001));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Errc::kPermissionDenied);
}

TEST(EdgeSignature, OldKeysStillVerifyAndGoneOnesDoNot) {
    const EdgeSigner old({{"k1", std::string(32, '1')}}, "k1");
    const auto query = query_of(old.sign(kPath, kNow + std::chrono::minutes(1)));
    EXPECT_TRUE(signer().verify(kPath, query, kNow));
    const EdgeSigner without({{"k2", std::string(32, '2')}}, "k2");
    EXPECT_FALSE(without.verify(kPath, query, kNow));
}

TEST(EdgeSignature, WithoutSignatureIsNotSigned) {
    for (const char* query : {"", "v=1", "a&b=c", "expx=1"}) {
        EXPECT_FALSE(signer().verify(kPath, query, kNow).value()) << query;
    }
}

TEST(EdgeSignature, AnyChangeIsRefused) {
    const auto query = query_of(signer().sign(kPath, kNow + std::chrono::minutes(1)));
    EXPECT_FALSE(signer().verify("/i/other/w640", query, kNow));
    EXPECT_FALSE(signer().verify(std::string(kPath) + "0", query, kNow));
    for (std::size_t i = 0; i < query.size(); ++i) {
        std::string changed = query;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        const auto verified = signer().verify(kPath, changed, kNow);
        EXPECT_FALSE(verified.has_value() && *verified) << changed;
    }
}

TEST(EdgeSignature, CutDoubledAndBrokenOnesAreRefused) {
    const auto query = query_of(signer().sign(kPath, kNow + std::chrono::minutes(1)));
    const auto kid = query.find("&kid=");
    const auto sig = query.find("&sig=");
    for (const std::string& bad :
         {query.substr(0, kid), query.substr(0, sig), query.substr(kid + 1), query.substr(sig + 1),
          query + "&exp=99999999999", query + "&sig=", query + "&kid=k1", query + "&" + query,
          std::string("exp=&kid=&sig="), std::string("exp=1e9&kid=k2&sig=x"),
          "exp=99999999999999999999" + query.substr(kid), query.substr(0, sig + 5)}) {
        const auto verified = signer().verify(kPath, bad, kNow);
        ASSERT_FALSE(verified) << bad;
        EXPECT_EQ(verified.error().code, Errc::kPermissionDenied);
    }
}

TEST(EdgeSignature, AnExpiryOutsideOfTimeDoesNotOpenAnything) {
    const EdgeSigner one({{"k", std::string(32, 'k')}}, "k");
    for (const char* exp : {"9223372036854775807", "-1", "-9223372036854775808"}) {
        const std::string query = std::string("exp=") + exp + "&kid=k&sig=AAAA";
        EXPECT_FALSE(one.verify(kPath, query, kNow));
    }
}

}  // namespace
}  // namespace pixgate
