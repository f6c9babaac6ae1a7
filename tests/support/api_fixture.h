// The API over memory adapters: requests in, answers out, no sockets.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/memory/memory.h"
#include "http/router.h"
#include "roles/api/api.h"

namespace pixgate::testing {

using Headers = std::vector<std::pair<std::string, std::string>>;

inline constexpr std::string_view kAdminKey = "pk_admin_test";
inline constexpr std::string_view kServerKey = "pk_server_test";
inline constexpr std::string_view kAliceKey = "pk_client_alice";
inline constexpr std::string_view kBobKey = "pk_client_bob";
inline constexpr std::string_view kJwtSecret = "an-hs256-secret-of-32-bytes-or-more";

// Requests are answered on a loop of their own and to their end.
class ApiFixture : public ::testing::Test {
protected:
    ApiFixture();
    ~ApiFixture() override;

    // `target` with query. Content-Type is JSON where there is a body and none is given.
    http::Response ask(
        std::string_view method,
        std::string_view target,
        std::string_view key,
        std::string body = {},
        Headers headers = {}
    );
    std::string text_of(http::Response& response);  // reads streams to their end
    boost::json::object json_of(http::Response& response);
    // "code" of a problem.
    std::string code_of(http::Response& response);
    // Asks for permission to upload; the image's id.
    std::string make_upload(std::string_view key, std::string_view owner = {});
    // Moves an image on, as the worker does.
    void apply(const std::string& image_id, ImageState to, std::string reason = {});
    std::string jwt(std::string claims, std::string header = R"({"alg":"HS256"})") const;

    static std::string upload_body(std::string_view extra = {});

    ManualClock clock_{TimePoint(std::chrono::milliseconds(1'767'225'600'000))};
    FixedIds ids_;
    Metrics metrics_;
    memory::Adapters adapters_;
    std::unique_ptr<UploadSigner> signer_;
    Policies policies_;
    EdgeSigner edge_signer_{{{"k1", std::string(32, 'e')}}, "k1"};
    std::unique_ptr<IssueUpload> issue_upload_;
    std::unique_ptr<DeleteImage> delete_image_;
    std::unique_ptr<roles::KeySource> keys_;
    std::unique_ptr<roles::Authenticator> authenticator_;
    std::unique_ptr<roles::LiveFeed> feed_;
    roles::ApiOptions options_;
    std::unique_ptr<roles::Api> api_;
    http::Router router_;
    bool is_ready_ = true;

    // Makes api_ and router_ anew after a change of options_ or policies_.
    void rebuild();
};

}  // namespace pixgate::testing
