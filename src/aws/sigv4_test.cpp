#include "aws/sigv4.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/sigv4_vectors.h"

namespace pixgate::aws {
namespace {

using namespace std::chrono_literals;
using testing::refusal_vectors;
using testing::signed_vector;
using testing::signed_vectors;
using testing::verify_vector;

std::string code_of(const S3Result<VerifiedRequest>& result) {
    return result ? "accepted" : std::string(result.error().name());
}

std::string element(const S3Error& error, std::string_view name) {
    for (const auto& [n, value] : error.elements) {
        if (n == name) return value;
    }
    return {};
}

TEST(SigV4Vectors, EveryPublishedAndCapturedRequestIsAccepted) {
    ASSERT_EQ(signed_vectors().size(), 34U);
    for (const auto& v : signed_vectors()) {
        const auto result = verify_vector(v, v.at, true);
        EXPECT_EQ(code_of(result), "accepted") << v.id;
        if (result) EXPECT_EQ(result->signature, v.signature) << v.id;
    }
}

TEST(SigV4Vectors, CanonicalRequestAndStringToSignAreTheirs) {
    for (const auto& v : signed_vectors()) {
        auto broken = v;
        // A wrong signature makes the verifier show what it computed.
        if (broken.query.find(v.signature) != std::string::npos) {
            broken.query.replace(broken.query.find(v.signature), 4, "zzzz");
        } else {
            auto authorization = broken.header("Authorization");
            authorization.replace(authorization.find(v.signature), 4, "zzzz");
            broken.set_header("Authorization", authorization);
        }
        const auto result = verify_vector(broken, v.at, true);
        ASSERT_EQ(code_of(result), "SignatureDoesNotMatch") << v.id;
        EXPECT_EQ(element(result.error(), "CanonicalRequest"), v.canonical_request) << v.id;
        EXPECT_EQ(element(result.error(), "StringToSign"), v.string_to_sign) << v.id;
    }
}

TEST(SigV4Vectors, SigningKeysAreTheirs) {
    SigningKeys keys;
    for (int round = 0; round < 2; ++round) {  // computed, then from the cache
        for (const auto& v : signed_vectors()) {
            const auto date = format_iso_basic(v.at).substr(0, 8);
            const auto key = keys.get(
                testing::kExampleKeyId, testing::kExampleSecret, date, v.region, v.service
            );
            EXPECT_EQ(hex_encode(key), v.signing_key) << v.id;
        }
    }
}

TEST(SigV4Vectors, EveryNegativeIsRefusedWithItsCode) {
    int n = 0;
    for (const auto& r : refusal_vectors()) {
        const auto result = verify_vector(r.request, r.request.at);
        if (r.is_about_body) {
            EXPECT_EQ(code_of(result), "accepted") << r.id << ": its head is right";
            continue;
        }
        ++n;
        EXPECT_EQ(code_of(result), r.code) << r.id;
        if (result) continue;
        EXPECT_EQ(result.error().status(), r.status) << r.id;
        if (!r.message.empty()) EXPECT_EQ(result.error().message, r.message) << r.id;
    }
    EXPECT_EQ(n, 12);
}

TEST(SigV4Refusal, StreamingBodiesAreNotImplementedOnlyAfterTheirSignatureIsRight) {
    for (const auto* id :
         {"c01-aws-chunked-seed", "c02-aws-chunked-trailer-seed", "c04-unsigned-trailer"}) {
        auto v = signed_vector(id);
        EXPECT_EQ(code_of(verify_vector(v, v.at)), "NotImplemented") << id;
        v.set_header("Host", "elsewhere");
        EXPECT_EQ(code_of(verify_vector(v, v.at)), "SignatureDoesNotMatch") << id;
    }
}

TEST(SigV4Refusal, StreamingWithCredentialsInTheQueryIsRefused) {
    auto v = signed_vector("p04-put-host-only");
    v.set_header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
    EXPECT_EQ(code_of(verify_vector(v, v.at)), "AccessDenied");
}

TEST(SigV4Refusal, UnknownPayloadValuesAreRefused) {
    for (const auto* value : {"", "unsigned-payload", "STREAMING-NEW-THING", "abc", "UNSIGNED"}) {
        auto v = signed_vector("h05-put-korean");
        v.set_header("x-amz-content-sha256", value);
        EXPECT_EQ(code_of(verify_vector(v, v.at)), "InvalidArgument") << value;
    }
    auto v = signed_vector("h05-put-korean");
    v.remove_header("x-amz-content-sha256");
    EXPECT_EQ(code_of(verify_vector(v, v.at)), "InvalidRequest");
}

TEST(SigV4Refusal, BothMechanismsTogether) {
    auto v = signed_vector("p02-get-korean");
    v.set_header("Authorization", signed_vector("h05-put-korean").header("Authorization"));
    EXPECT_EQ(code_of(verify_vector(v, v.at)), "InvalidArgument");
}

TEST(SigV4Refusal, Version2AnonymousAndForeignSchemes) {
    auto v = signed_vector("h05-put-korean");
    v.set_header("Authorization", "AWS AKIAIOSFODNN7EXAMPLE:c2lnbmF0dXJl");
    EXPECT_EQ(code_of(verify_vector(v, v.at)), "InvalidRequest");
    v.set_header("Authorization", "Bearer abc");
    EXPECT_EQ(code_of(verify_vector(v, v.at)), "InvalidArgument");
    v.remove_header("Authorization");
    EXPECT_EQ(code_of(verify_vector(v, v.at)), "AccessDenied");
    v.query = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=1";
    EXPECT_EQ(code_of(verify_vector(v, v.at)), "InvalidRequest");
}

TEST(SigV4Refusal, DoubledFieldsAndParameters) {
    for (const auto* name : {"Authorization", "X-Amz-Date", "Host", "x-amz-content-sha256"}) {
        auto v = signed_vector("h05-put-korean");
        v.headers.emplace_back(to_lower(name), v.header(name));
        EXPECT_EQ(code_of(verify_vector(v, v.at)), "InvalidArgument") << name;
    }
    auto v = signed_vector("p02-get-korean");
    v.query += "&X-Amz-Expires=900";
    EXPECT_EQ(code_of(verify_vector(v, v.at)), "InvalidArgument");
}

TEST(SigV4Refusal, LifetimesOutsideOneSecondToSevenDays) {
    for (const auto* value : {"0", "-1", "604801", "abc", "", "1e3", "+5", "9999999999999999999"}) {
        auto v = signed_vector("p02-get-korean");
        const auto at = v.query.find("X-Amz-Expires=900");
        v.query.replace(at, 17, std::string("X-Amz-Expires=") + value);
        EXPECT_EQ(code_of(verify_vector(v, v.at)), "AuthorizationQueryParametersError") << value;
    }
}

TEST(SigV4Refusal, AnyOfTheSixParametersMissing) {
    for (const auto* name :
         {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires",
          "X-Amz-SignedHeaders", "X-Amz-Signature"}) {
        auto v = signed_vector("p02-get-korean");
        v.query.replace(v.query.find(name), 5, "Other");
        EXPECT_EQ(code_of(verify_vector(v, v.at)), "AuthorizationQueryParametersError") << name;
    }
}

TEST(SigV4Refusal, HostNotSigned) {
    auto v = signed_vector("p02-get-korean");
    const std::string from = "X-Amz-SignedHeaders=host";
    v.query.replace(v.query.find(from), from.size(), "X-Amz-SignedHeaders=range");
    EXPECT_EQ(code_of(verify_vector(v, v.at)), "AccessDenied");
}

TEST(SigV4Time, PresignedHoldsToItsLastSecondAndFromFifteenMinutesBefore) {
    const auto& v = signed_vector("p02-get-korean");
    EXPECT_EQ(code_of(verify_vector(v, v.at + 900s)), "accepted");
    EXPECT_EQ(code_of(verify_vector(v, v.at + 900s + 1ms)), "AccessDenied");
    EXPECT_EQ(code_of(verify_vector(v, v.at - 15min)), "accepted");
    const auto early = verify_vector(v, v.at - 15min - 1s);
    ASSERT_EQ(code_of(early), "AccessDenied");
    EXPECT_EQ(early.error().message, "Request is not valid yet");
}

TEST(SigV4Time, HeaderAuthIsGoodForFifteenMinutesEitherWay) {
    const auto& v = signed_vector("h05-put-korean");
    EXPECT_EQ(code_of(verify_vector(v, v.at + 15min)), "accepted");
    EXPECT_EQ(code_of(verify_vector(v, v.at - 15min)), "accepted");
    EXPECT_EQ(code_of(verify_vector(v, v.at - 15min - 1s)), "RequestTimeTooSkewed");
}

TEST(SigV4Time, ScopeOfAnotherDayIsMalformed) {
    auto v = signed_vector("h05-put-korean");
    auto authorization = v.header("Authorization");
    authorization.replace(authorization.find("/20260115/"), 10, "/20260114/");
    v.set_header("Authorization", authorization);
    EXPECT_EQ(code_of(verify_vector(v, v.at)), "AuthorizationHeaderMalformed");
}

TEST(SigV4Token, AForeignOrMissingTokenIsRefusedThoughTheSignatureIsRight) {
    auto v = signed_vector("h11-session-token");
    v.session_token = "another";
    EXPECT_EQ(code_of(verify_vector(v, v.at)), "InvalidToken");
    auto without = signed_vector("h05-put-korean");
    without.session_token = "needed";
    EXPECT_EQ(code_of(verify_vector(without, without.at)), "InvalidToken");
}

TEST(SigV4Token, ASecondPlaceForATokenIsNotIgnored) {
    auto v = signed_vector("h11-session-token");
    v.query = "X-Amz-Security-Token=another";
    EXPECT_NE(code_of(verify_vector(v, v.at)), "accepted");
    // Signed as a header of a presigned request, with a key that takes no token.
    auto p = signed_vector("p11-put-meta");
    const std::string renamed = "X-Amz-SignedHeaders=host%3Bx-amz-security-token";
    const auto at = p.query.find("X-Amz-SignedHeaders=");
    p.query.replace(at, p.query.find('&', at) - at, renamed);
    p.remove_header("x-amz-meta-owner");
    p.set_header("x-amz-security-token", "made-up");
    const auto shown = verify_vector(p, p.at);
    ASSERT_EQ(code_of(shown), "SignatureDoesNotMatch");
    const auto key = derive_signing_key(testing::kExampleSecret, "20260115", "us-east-1", "s3");
    const auto signature = signature_of(key, element(shown.error(), "StringToSign"));
    p.query.replace(p.query.find(p.signature), 64, signature);
    EXPECT_EQ(code_of(verify_vector(p, p.at)), "InvalidToken");
}

TEST(SigV4Refusal, UnsignedPayloadOnlyWhereItIsAllowed) {
    // As rclone signs: UNSIGNED-PAYLOAD in a header-authenticated request.
    testing::SignedVector v = signed_vector("h06-get-specials");
    v.set_header("x-amz-content-sha256", std::string(kUnsignedPayload));
    const auto date = format_iso_basic(v.at);
    const auto scope = date.substr(0, 8) + "/us-east-1/s3/aws4_request";
    auto canonical = v.canonical_request;
    const std::string empty_hash = sha256_hex("");
    for (auto at = canonical.find(empty_hash); at != std::string::npos;
         at = canonical.find(empty_hash)) {
        canonical.replace(at, empty_hash.size(), kUnsignedPayload);
    }
    const auto key =
        derive_signing_key(testing::kExampleSecret, date.substr(0, 8), "us-east-1", "s3");
    auto authorization = v.header("Authorization");
    authorization.replace(
        authorization.find(v.signature), 64,
        signature_of(key, string_to_sign(date, scope, canonical))
    );
    v.set_header("Authorization", authorization);

    const FixedCredentials credentials{
        std::string(testing::kExampleKeyId), std::string(testing::kExampleSecret)
    };
    const ManualClock clock(v.at);
    const auto fields = v.fields();
    const SignedRequest request{v.method, v.path, v.query, fields};
    Verifier strict(credentials, clock, {});
    EXPECT_EQ(code_of(strict.verify_request(request)), "AccessDenied");
    VerifyPolicy policy;
    policy.allow_unsigned_payload = true;
    Verifier trusting(credentials, clock, policy);
    EXPECT_EQ(code_of(trusting.verify_request(request)), "accepted");
}

TEST(SigV4Query, PlusIsASpaceForSignerAndHandlerAlike) {
    const auto plus = parse_query("prefix=a+b");
    const auto escaped = parse_query("prefix=a%20b");
    ASSERT_TRUE(plus && escaped);
    EXPECT_EQ(canonical_query(*plus), canonical_query(*escaped));
    EXPECT_EQ(*find_item(*plus, "prefix"), "a b");
}

TEST(SigV4Query, BrokenOrDoubledOrTooManyItemsAreRefused) {
    EXPECT_FALSE(parse_query("a=%G0"));
    EXPECT_FALSE(parse_query("a=%2"));
    EXPECT_FALSE(parse_query("a=1&%61=2"));
    std::string many;
    for (int i = 0; i < 101; ++i) many += "k" + std::to_string(i) + "=v&";
    EXPECT_FALSE(parse_query(many));
    EXPECT_TRUE(parse_query("&&uploads&"));
}

TEST(S3Errors, TheTableIsInTheOrderOfTheCodes) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(S3Code::kXAmzContentSha256Mismatch); ++i) {
        const auto& info = info_of(static_cast<S3Code>(i));
        EXPECT_EQ(static_cast<int>(info.code), i) << info.name;
        EXPECT_TRUE(names.insert(info.name).second) << info.name;
    }
}

}  // namespace
}  // namespace pixgate::aws
