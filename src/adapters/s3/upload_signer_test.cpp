#include "adapters/s3/upload_signer.h"

#include <gtest/gtest.h>

#include "tests/support/sigv4_vectors.h"

namespace pixgate::s3 {
namespace {

using namespace std::chrono_literals;

struct UploadSignerTest : ::testing::Test {
    ManualClock clock{testing::signed_vector("p05-put-bounded").at};

    std::unique_ptr<UploadSigner> signer(bool path_style = true) {
        aws::PresignConfig config;
        config.endpoint = "http://127.0.0.1:9000/";
        config.access_key_id = testing::kExampleKeyId;
        config.secret = testing::kExampleSecret;
        config.path_style = path_style;
        return make_upload_signer(config, clock);
    }
    static PutTarget target() {
        return {"bkt", "up/1.png", "image/png", 5, "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="};
    }
};

TEST_F(UploadSignerTest, APutIsTheVectorsUrl) {
    const auto made = signer()->sign_put(target(), 300s);
    ASSERT_TRUE(made);
    EXPECT_EQ(
        made->url, "http://127.0.0.1:9000" + testing::signed_vector("p05-put-bounded").target()
    );
    for (const auto& [name, value] : made->headers) EXPECT_NE(name, "content-length");
}

TEST_F(UploadSignerTest, WhatCannotBeSignedSafelyIsRefused) {
    const auto refuses = [&](auto change) {
        auto t = target();
        change(t);
        const auto made = signer()->sign_put(t, 300s);
        return !made && made.error().code == Errc::kInvalidArgument;
    };
    EXPECT_TRUE(refuses([](PutTarget& t) { t.key.clear(); }));
    EXPECT_TRUE(refuses([](PutTarget& t) { t.key = std::string(1025, 'k'); }));
    EXPECT_TRUE(refuses([](PutTarget& t) { t.key = "\xff"; }));
    EXPECT_TRUE(refuses([](PutTarget& t) { t.bucket = "../other"; }));
    EXPECT_TRUE(refuses([](PutTarget& t) { t.content_type = "image/png\nx-amz-acl:public-read"; }));
    EXPECT_TRUE(refuses([](PutTarget& t) { t.content_type.clear(); }));
    EXPECT_TRUE(refuses([](PutTarget& t) { t.checksum_sha256 = "c2hvcnQ="; }));
    EXPECT_FALSE(refuses([](PutTarget& t) { t.checksum_sha256.reset(); }));
}

TEST_F(UploadSignerTest, ObjectUrlsAreEncodedAndFollowTheStyle) {
    EXPECT_EQ(
        signer()->object_url("bkt", "a b/가+.png"),
        "http://127.0.0.1:9000/bkt/a%20b/%EA%B0%80%2B.png"
    );
    EXPECT_EQ(signer(false)->object_url("bkt", "k"), "http://bkt.127.0.0.1:9000/k");
}

}  // namespace
}  // namespace pixgate::s3
