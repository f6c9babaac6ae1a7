#include "adapters/cloudfront/cloudfront_purge.h"

#include <gtest/gtest.h>

#include "aws/sigv4.h"
#include "tests/support/http_fixture.h"

namespace pixgate {
namespace {

constexpr std::string_view kSecret = "a secret of forty characters, or about it";

// CloudFront's API: checks the signature as AWS does and answers as it is told.
class CloudFrontMock {
public:
    explicit CloudFrontMock(const Clock& clock)
        : verifier_(credentials_, clock, {.service = "cloudfront", .regions = {"us-east-1"}}),
          server_(make_router()) {}

    std::string url() const { return "http://" + server_.address(); }

    std::string body;
    bool is_signature_right = false;
    unsigned status = 201;
    std::string answer = "<Invalidation><Id>I1</Id></Invalidation>";

private:
    http::Router make_router() {
        http::Router router;
        router.add(
            "POST", "/2020-05-31/distribution/{id}/invalidation",
            [this](http::Request& request) { return handle(request); }
        );
        return router;
    }
    Task<http::Response> handle(http::Request& request) {
        body = (co_await read_all(*request.body, 1 << 20)).value_or("unreadable");
        const std::string hash = sha256_hex(body);
        is_signature_right = verifier_
                                 .verify_request(
                                     {.method = request.method,
                                      .path = request.path,
                                      .query = request.query,
                                      .fields = request.fields,
                                      .body_sha256 = hash}
                                 )
                                 .has_value();
        co_return http::text_response(status, "text/xml", answer);
    }

    aws::FixedCredentials credentials_{"AKIDEXAMPLE", std::string(kSecret)};
    aws::Verifier verifier_;
    test::TestServer server_;
};

class CloudFrontPurgeTest : public testing::Test {
protected:
    Result<void> purge(const std::vector<ImageId>& images) {
        return purge(PurgeBatch{"ref-1", images}, {"/i/{id}/*"});
    }
    Result<void> purge(const PurgeBatch& batch, std::vector<std::string> paths) {
        CloudFrontConfig config;
        config.distribution_id = "E1ABCDEF";
        config.access_key_id = "AKIDEXAMPLE";
        config.secret = kSecret;
        config.endpoint = mock_.url();
        config.paths = std::move(paths);
        auto target = make_cloudfront_purge(std::move(config), clock_).value();
        return run_task(target->purge(batch, retry_after_));
    }
    ManualClock clock_{TimePoint(std::chrono::milliseconds(1'767'225'600'000))};
    CloudFrontMock mock_{clock_};
    std::chrono::seconds retry_after_{0};
};

TEST_F(CloudFrontPurgeTest, SendsOneSignedInvalidationForTheBatch) {
    ASSERT_TRUE(purge({ImageId{"a"}, ImageId{"b"}}));
    EXPECT_TRUE(mock_.is_signature_right);
    EXPECT_NE(
        mock_.body.find(
            "<Paths><Quantity>2</Quantity><Items><Path>/i/a/*</Path><Path>/i/b/*</Path></Items>"
            "</Paths><CallerReference>ref-1</CallerReference>"
        ),
        std::string::npos
    ) << mock_.body;
}

TEST_F(CloudFrontPurgeTest, EverythingIsOnePathForAllImages) {
    const PurgeBatch everything{.reference = "all", .images = {}, .is_everything = true};
    ASSERT_TRUE(purge(everything, {"/i/{id}/*", "/i/{id}/thumb", "/img/x-{id}"}));
    EXPECT_NE(
        mock_.body.find("<Quantity>2</Quantity><Items><Path>/i/*</Path><Path>/img/x-*</Path>"),
        std::string::npos
    ) << mock_.body;
}

TEST_F(CloudFrontPurgeTest, TellsWhatMayBeTriedAgainFromWhatIsWrong) {
    const auto answered = [this](unsigned status, const std::string& code) {
        mock_.status = status;
        mock_.answer =
            "<ErrorResponse xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">"
            "<Error><Type>Sender</Type><Code>" +
            code + "</Code></Error></ErrorResponse>";
        return purge({ImageId{"a"}}).error().code;
    };
    EXPECT_EQ(answered(400, "TooManyInvalidationsInProgress"), Errc::kOverloaded);
    EXPECT_GE(retry_after_.count(), 10);
    EXPECT_EQ(answered(403, "AccessDenied"), Errc::kPermissionDenied);
    EXPECT_EQ(answered(404, "NoSuchDistribution"), Errc::kInvalidArgument);
    EXPECT_EQ(answered(503, "ServiceUnavailable"), Errc::kUnavailable);
    mock_.answer = "not XML";
    EXPECT_EQ(purge({ImageId{"a"}}).error().code, Errc::kUnavailable);
}

TEST_F(CloudFrontPurgeTest, WhatItWouldNotTakeIsRefusedAtTheStart) {
    const auto reason = [this](CloudFrontConfig config) {
        auto made = make_cloudfront_purge(std::move(config), clock_);
        return made ? std::string("taken") : made.error().reason;
    };
    CloudFrontConfig good{"E1ABCDEF", "key", "secret", {}};
    EXPECT_EQ(reason(good), "taken");
    EXPECT_EQ(reason({"../x", "key", "secret", {}}), "distribution");
    EXPECT_EQ(reason({"E1", "", "", {}}), "access_key");
    for (const char* path : {"i/{id}/*", "/i/*/{id}", "/i/x", "/i/{id}/\n", "/*"}) {
        good.paths = {path};
        EXPECT_EQ(reason(good), "paths") << path;
    }
}

}  // namespace
}  // namespace pixgate
