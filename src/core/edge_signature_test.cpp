#include "core/edge_signature.h"

#include <gtest/gtest.h>

#include "base/crypto.h"

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
    EXPECT_EQ(signer().verify(kPath, query_of(url), kNow), SignedFor::kUrl);
    EXPECT_EQ(signer().verify(kPath, "v=1&" + query_of(url) + "&x", kNow), SignedFor::kUrl);
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
        EXPECT_EQ(signer().verify(kPath, query, kNow), SignedFor::kNothing) << query;
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
        EXPECT_FALSE(verified.has_value() && *verified != SignedFor::kNothing) << changed;
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

TEST(EdgeSignature, AnEndThatIsFarOffHasNotCome) {
    const EdgeSigner one({{"k", std::string(32, 'k')}}, "k");
    for (const char* exp : {"9300000000000000", "9223372036854775807"}) {
        const auto text = std::string(kPath) + "\n" + exp + "\nk";
        const auto mac = hmac_sha256(as_bytes(std::string(32, 'k')), as_bytes(text));
        const auto query = std::string("exp=") + exp + "&kid=k&sig=" + base64url_encode(mac);
        EXPECT_EQ(one.verify(kPath, query, kNow), SignedFor::kUrl) << exp;
    }
}

constexpr std::string_view kId = "0192f0c1-2222-7333-8444-555566667777";
constexpr std::string_view kOther = "/i/0192f0c1-2222-7333-8444-555566667778/w640";

TEST(EdgeSignature, AFamilyOpensAllOfOneImageAndNothingElse) {
    for (const auto scope : {SignedFor::kImage, SignedFor::kListed}) {
        const auto query = signer().sign_family(kId, scope, kNow + std::chrono::minutes(1));
        for (const char* transform : {"w640", "w=17,blur=3", "*", "x"}) {
            const auto path = "/i/" + std::string(kId) + "/" + transform;
            EXPECT_EQ(signer().verify(path, query, kNow), scope) << transform;
        }
        for (const std::string& path :
             {std::string(kOther), "/i/" + std::string(kId), "/i/" + std::string(kId) + "x/w640",
              "/ipx/w_1/" + std::string(kId), "/i//" + std::string(kId) + "/w640",
              "/i/" + std::string(kId).substr(0, 35) + "%37/w640", std::string("/i//w640")}) {
            EXPECT_FALSE(signer().verify(path, query, kNow)) << path;
        }
    }
}

TEST(EdgeSignature, G98_G103_AFamilyIsNotWidenedAndNotMadeOfAUrl) {
    const auto end = kNow + std::chrono::minutes(1);
    const auto listed = signer().sign_family(kId, SignedFor::kListed, end);
    const auto image = signer().sign_family(kId, SignedFor::kImage, end);
    const auto one = query_of(signer().sign(kPath, end));
    const auto star = query_of(signer().sign("/i/" + std::string(kId) + "/*", end));
    const auto with = [](std::string text, std::string_view from, std::string_view to) {
        return text.replace(text.find(from), from.size(), to);
    };
    for (const std::string& bad :
         {with(listed, "scope=listed", "scope=image"), with(listed, "&scope=listed", ""),
          with(image, "&scope=image", ""), with(image, "scope=image", "scope="),
          with(image, "scope=image", "scope=Image"),
          with(image, "scope=image", "scope=image&scope=image"), one + "&scope=image",
          one + "&scope=listed", star + "&scope=image", std::string("scope=image"),
          image.substr(image.find('&') + 1), image + "&exp=99999999999"}) {
        const auto verified = signer().verify(kPath, bad, kNow);
        ASSERT_FALSE(verified) << bad;
        EXPECT_EQ(verified.error().code, Errc::kPermissionDenied);
    }
    for (std::size_t i = 0; i < image.size(); ++i) {
        std::string changed = image;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(signer().verify(kPath, changed, kNow)) << changed;
    }
}

TEST(EdgeSignature, WithoutAnEndOnlyWhereThatIsSwitchedOn) {
    const std::map<std::string, std::string> keys{{"k2", std::string(32, '2')}};
    const EdgeSigner endless(keys, "k2", {.may_be_endless = true});
    const auto one = query_of(endless.sign(kPath, std::nullopt));
    const auto family = endless.sign_family(kId, SignedFor::kImage, std::nullopt);
    const auto far = kNow + std::chrono::hours(24 * 365 * 50);
    EXPECT_EQ(endless.verify(kPath, one, far), SignedFor::kUrl);
    EXPECT_EQ(endless.verify(kPath, family, far), SignedFor::kImage);
    EXPECT_FALSE(signer().verify(kPath, one, kNow));
    EXPECT_FALSE(signer().verify(kPath, family, kNow));
    // Nor does one with an end become one without.
    const auto ends = query_of(endless.sign(kPath, kNow));
    EXPECT_FALSE(endless.verify(kPath, ends.substr(ends.find('&') + 1), kNow));
    EXPECT_FALSE(endless.verify(kPath, "exp=&" + one, kNow));
    EXPECT_FALSE(endless.verify(kPath, "exp=99999999999&" + one, kNow));
}

TEST(EdgeSignature, TheWindowIsASetting) {
    const EdgeSigner hourly({{"k", std::string(32, 'k')}}, "k", {.window = std::chrono::hours(1)});
    EXPECT_EQ(
        hourly.sign(kPath, kNow + std::chrono::minutes(1)),
        hourly.sign(kPath, kNow + std::chrono::minutes(59))
    );
    EXPECT_EQ(hourly.rounded(kNow + std::chrono::minutes(1)), kNow + std::chrono::hours(1));
}

}  // namespace
}  // namespace pixgate
