#include "tests/support/api_fixture.h"

#include "adapters/s3/upload_signer.h"

namespace pixgate::testing {

ApiFixture::ApiFixture() : adapters_(memory::make_adapters({}, clock_)) {
    aws::PresignConfig config;
    config.endpoint = "http://127.0.0.1:9000";
    config.access_key_id = "AKID";
    config.secret = "secret";
    signer_ = s3::make_upload_signer(std::move(config), clock_);
    policies_.emplace("default", Policy{});
    Policy avatars;
    avatars.name = "avatars";
    avatars.visibility = Visibility::kPrivate;
    avatars.max_bytes = 1'000;
    policies_.emplace("avatars", avatars);
    run_task(adapters_.buckets->create("pixgate-originals", true)).value();
    run_task(adapters_.buckets->create("pixgate-variants", false)).value();
    issue_upload_ = std::make_unique<IssueUpload>(
        IssueUpload{*adapters_.catalog, *signer_, ids_, clock_, policies_}
    );
    delete_image_ = std::make_unique<DeleteImage>(
        DeleteImage{*adapters_.catalog, *adapters_.store, clock_, nullptr}
    );
    roles::KeyTable table;
    table.emplace("main", VerifyKey::from_secret(kJwtSecret).value());
    keys_ = std::make_unique<roles::KeySource>(
        std::move(table), nullptr, clock_, std::chrono::seconds(300)
    );
    std::vector<roles::ApiKey> keys;
    keys.push_back(roles::make_api_key_entry("admin", Role::kAdmin, kAdminKey, "ops"));
    keys.push_back(roles::make_api_key_entry("server", Role::kServer, kServerKey, "app"));
    keys.push_back(roles::make_api_key_entry("alice", Role::kClient, kAliceKey, "alice"));
    keys.push_back(roles::make_api_key_entry("bob", Role::kClient, kBobKey, "bob"));
    roles::JwtRules rules;
    rules.issuer = "https://issuer.example";
    rules.audience = "pixgate";
    authenticator_ =
        std::make_unique<roles::Authenticator>(std::move(keys), rules, keys_.get(), clock_);
    feed_ = std::make_unique<roles::LiveFeed>(*adapters_.catalog);
    options_.public_url = "https://pixgate.example";
    options_.store_url = "http://127.0.0.1:9000";
    options_.heartbeat = std::chrono::milliseconds(50);
    options_.linger = std::chrono::milliseconds(20);
    rebuild();
}

ApiFixture::~ApiFixture() = default;

void ApiFixture::rebuild() {
    roles::ApiPorts ports{
        *adapters_.catalog,
        *adapters_.dead_letters,
        *issue_upload_,
        *delete_image_,
        *signer_,
        edge_signer_,
        *authenticator_,
        *feed_,
        clock_,
        metrics_,
        [this]() -> Task<Result<void>> {
            if (!is_ready_) co_return fail(Errc::kUnavailable, "the disk at /secret/path is full");
            co_return Result<void>{};
        }
    };
    router_ = http::Router();
    api_ = std::make_unique<roles::Api>(std::move(ports), options_);
    api_->register_on(router_);
}

http::Response ApiFixture::ask(
    std::string_view method,
    std::string_view target,
    std::string_view key,
    std::string body,
    Headers headers
) {
    const std::string authorization = "Bearer " + std::string(key);
    http::Request request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    if (target.size() > request.path.size()) request.query = target.substr(request.path.size() + 1);
    request.host = "127.0.0.1:8080";
    request.peer = "127.0.0.1:50000";
    request.id = "00000000000000aa";
    if (!key.empty()) request.fields.add("Authorization", authorization);
    bool has_type = false;
    for (const auto& [name, value] : headers) {
        request.fields.add(name, value);
        has_type = has_type || name == "Content-Type";
    }
    if (!body.empty() && !has_type) request.fields.add("Content-Type", "application/json");
    if (!body.empty()) request.content_length = body.size();
    const auto source = make_text_body(std::move(body));
    request.body = source.get();
    return run_task(router_.handle(request));
}

std::string ApiFixture::text_of(http::Response& response) {
    if (auto* text = std::get_if<std::string>(&response.body)) return *text;
    if (auto* stream = std::get_if<http::StreamBody>(&response.body)) {
        return run_task(read_all(**stream, 1 << 20)).value_or("(unreadable)");
    }
    return {};
}

boost::json::object ApiFixture::json_of(http::Response& response) {
    return boost::json::parse(text_of(response)).as_object();
}

std::string ApiFixture::code_of(http::Response& response) {
    EXPECT_EQ(response.get("Content-Type"), "application/problem+json");
    return std::string(json_of(response).at("code").as_string());
}

std::string ApiFixture::upload_body(std::string_view extra) {
    return R"({"filename":"cat.jpg","content_type":"image/jpeg","size_bytes":1000)" +
           std::string(extra) + "}";
}

std::string ApiFixture::make_upload(std::string_view key, std::string_view owner) {
    const std::string extra = owner.empty() ? "" : R"(,"owner":")" + std::string(owner) + "\"";
    auto response = ask("POST", "/v1/uploads", key, upload_body(extra));
    EXPECT_EQ(response.status, 201U) << text_of(response);
    return std::string(json_of(response).at("image_id").as_string());
}

void ApiFixture::apply(const std::string& image_id, ImageState to, std::string reason) {
    Change change;
    change.id = ImageId{image_id};
    change.to = to;
    change.reason = std::move(reason);
    change.at = clock_.now();
    change.content_type = "image/jpeg";
    change.size_bytes = 1'000;
    change.width_px = 40;
    change.height_px = 30;
    EXPECT_EQ(run_task(adapters_.catalog->apply(std::move(change))).value(), Applied::kDone);
}

std::string ApiFixture::jwt(std::string claims, std::string header) const {
    const std::string text =
        base64url_encode(as_bytes(header)) + "." + base64url_encode(as_bytes(claims));
    return text + "." + base64url_encode(hmac_sha256(as_bytes(kJwtSecret), as_bytes(text)));
}

}  // namespace pixgate::testing
