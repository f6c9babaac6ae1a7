#include "aws/presign.h"

#include <gtest/gtest.h>

#include "tests/support/sigv4_vectors.h"

namespace pixgate::aws {
namespace {

using namespace std::chrono_literals;
using testing::signed_vector;
using testing::SignedVector;

PresignConfig example_config() {
    PresignConfig config;
    config.endpoint = "http://127.0.0.1:9000";
    config.access_key_id = testing::kExampleKeyId;
    config.secret = testing::kExampleSecret;
    return config;
}

PresignPut example_put() {
    PresignPut put;
    put.bucket = "bkt";
    put.key = "up/1.png";
    put.size_bytes = 5;
    put.content_type = "image/png";
    put.checksum_sha256 = "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=";
    put.lifetime = 300s;
    return put;
}

// The request that a client makes of a permission.
SignedVector as_sent(const PresignedRequest& request, std::string_view endpoint, TimePoint at) {
    SignedVector v;
    v.at = at;
    v.service = "s3";
    v.method = request.method;
    v.set_target(std::string_view(request.url).substr(endpoint.size()));
    v.headers = request.headers;
    v.set_header("Host", std::string(endpoint.substr(endpoint.find("://") + 3)));
    return v;
}

TEST(Presign, ABoundedPutIsByteForByteWhatBoto3Makes) {
    const auto& v = signed_vector("p05-put-bounded");
    const ManualClock clock(v.at);
    const Presigner presigner(example_config(), clock);
    const auto made = presigner.put(example_put());
    EXPECT_EQ(made.method, "PUT");
    EXPECT_EQ(made.url, "http://127.0.0.1:9000" + v.target());
    const decltype(made.headers) expected{
        {"content-type", "image/png"},
        {"if-none-match", "*"},
        {"x-amz-checksum-sha256", "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="}
    };
    EXPECT_EQ(made.headers, expected);
}

TEST(Presign, AKoreanGetIsByteForByteWhatBoto3Makes) {
    const auto& v = signed_vector("p02-get-korean");
    const ManualClock clock(v.at);
    const Presigner presigner(example_config(), clock);
    const auto made = presigner.get("bkt", "사진/휴가 2026+서울~final//원본 (1).jpg", 900s);
    EXPECT_EQ(made.url, "http://127.0.0.1:9000" + v.target());
}

TEST(Presign, TemporaryCredentialsPutTheirTokenIntoTheQuery) {
    const auto& v = signed_vector("p07-get-token");
    const ManualClock clock(v.at);
    auto config = example_config();
    config.session_token = v.session_token;
    const Presigner presigner(config, clock);
    const auto made = presigner.get("bkt", "a b.jpg", 900s);
    auto sent = as_sent(made, "http://127.0.0.1:9000", v.at);
    sent.session_token = v.session_token;
    EXPECT_TRUE(testing::verify_vector(sent, v.at));
}

TEST(Presign, AVirtualHostCarriesTheBucketInItsName) {
    const auto& v = signed_vector("p01-aws-presigned-get");
    const ManualClock clock(v.at);
    auto config = example_config();
    config.endpoint = "https://s3.amazonaws.com";
    config.path_style = false;
    const Presigner presigner(config, clock);
    const auto made = presigner.get("examplebucket", "test.txt", 86'400s);
    EXPECT_EQ(made.url, "https://examplebucket.s3.amazonaws.com" + v.target());
}

TEST(Presign, WhatWasBoundCannotBeChanged) {
    const ManualClock clock(signed_vector("p05-put-bounded").at);
    const Presigner presigner(example_config(), clock);
    const auto made = presigner.put(example_put());
    auto sent = as_sent(made, "http://127.0.0.1:9000", clock.now());
    sent.set_header("Content-Length", "5");
    ASSERT_TRUE(testing::verify_vector(sent, clock.now()));

    const std::vector<std::pair<std::string, std::string>> changes{
        {"Content-Length", "6"},
        {"content-type", "text/html"},
        {"if-none-match", "\"x\""},
        {"x-amz-checksum-sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="},
        {"Host", "127.0.0.1:9001"},
        {"x-amz-copy-source", "other/secret"},
        {"x-amz-meta-a", "b"},
        {"x-amz-tagging", "a=b"}
    };
    for (const auto& [name, value] : changes) {
        auto changed = sent;
        changed.set_header(name, value);
        const auto result = testing::verify_vector(changed, clock.now());
        ASSERT_FALSE(result) << name;
        EXPECT_EQ(result.error().status(), 403U) << name;
    }
    for (const auto& [name, value] : made.headers) {
        auto changed = sent;
        changed.remove_header(name);
        EXPECT_FALSE(testing::verify_vector(changed, clock.now())) << name;
    }
    for (const auto* method : {"GET", "HEAD", "DELETE", "POST"}) {
        auto changed = sent;
        changed.method = method;
        EXPECT_FALSE(testing::verify_vector(changed, clock.now())) << method;
    }
}

TEST(Presign, LifetimesAreCutToSevenDays) {
    const ManualClock clock(signed_vector("p05-put-bounded").at);
    const Presigner presigner(example_config(), clock);
    const auto made = presigner.get("bkt", "k", 24h * 3650);
    EXPECT_NE(made.url.find("X-Amz-Expires=604800&"), std::string::npos);
}

}  // namespace
}  // namespace pixgate::aws
