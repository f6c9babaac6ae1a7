#include "tests/support/api_fixture.h"

namespace pixgate::testing {
namespace {

// What the HTTP server's body says where the chunks are broken.
class BrokenBody : public BodySource {
public:
    Task<Result<ByteView>> next() override { co_return fail(Errc::kCorrupt, "broken"); }
};

class Uploads : public ApiFixture {
protected:
    // Status and "field" of a refusal.
    std::pair<unsigned, std::string> refusal(std::string body, std::string_view key = kAliceKey) {
        auto response = ask("POST", "/v1/uploads", key, std::move(body));
        const auto json = json_of(response);
        EXPECT_EQ(response.get("Content-Type"), "application/problem+json");
        EXPECT_EQ(json.at("request_id").as_string(), "00000000000000aa");
        return {
            response.status, json.contains("field") ? std::string(json.at("field").as_string()) : ""
        };
    }
    std::size_t count_images() {
        return run_task(adapters_.catalog->list({})).value().images.size();
    }
};
using Refusal = std::pair<unsigned, std::string>;

TEST_F(Uploads, GivesPermissionInTheDocumentedShape) {
    auto response = ask(
        "POST", "/v1/uploads", kAliceKey,
        upload_body(
            R"(,"checksum_sha256":"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=","metadata":{"album":"x"},
        "thumbnails":[{"name":"thumb","content_type":"image/webp","size_bytes":50}],"method":"put","policy":"default")"
        )
    );
    ASSERT_EQ(response.status, 201U) << text_of(response);
    EXPECT_EQ(response.get("Cache-Control"), "no-store");
    const auto json = json_of(response);
    EXPECT_EQ(json.size(), 4U);
    EXPECT_EQ(json.at("expires_at").as_string(), "2026-01-01T00:05:00.000Z");
    const auto& original = json.at("original").as_object();
    EXPECT_EQ(original.at("method").as_string(), "PUT");
    EXPECT_TRUE(
        original.at("url").as_string().starts_with("http://127.0.0.1:9000/pixgate-originals/")
    );
    EXPECT_TRUE(
        original.at("headers").as_object().contains("content-type") ||
        original.at("headers").as_object().contains("Content-Type")
    );
    const auto& thumbnail = json.at("thumbnails").as_array().at(0).as_object();
    EXPECT_EQ(thumbnail.at("name").as_string(), "thumb");
    EXPECT_TRUE(
        std::string(thumbnail.at("url").as_string()).find("/thumbnails/thumb?") != std::string::npos
    );

    const auto image =
        run_task(adapters_.catalog->find(ImageId{std::string(json.at("image_id").as_string())}))
            .value();
    EXPECT_EQ(image.owner, "alice");
    EXPECT_EQ(image.state, ImageState::kPending);
    EXPECT_EQ(image.metadata.at("album"), "x");
}

TEST_F(Uploads, KeysOfObjectsAreOursWhateverTheNameSays) {
    for (const char* name : {"../../etc/passwd", "/etc/x", "%2e%2e/x", "a\\\\b", "bob/original"}) {
        auto response =
            ask("POST", "/v1/uploads", kAliceKey,
                R"({"filename":")" + std::string(name) +
                    R"(","content_type":"image/png","size_bytes":1})");
        ASSERT_EQ(response.status, 201U) << name;
        const auto json = json_of(response);
        const std::string url(json.at("original").as_object().at("url").as_string());
        const std::string id(json.at("image_id").as_string());
        EXPECT_TRUE(url.starts_with("http://127.0.0.1:9000/pixgate-originals/" + id + "/original?"))
            << url;
    }
    EXPECT_EQ(refusal(upload_body(R"(,"key":"x")")), Refusal(400, "key"));
}

TEST_F(Uploads, RefusesABodyThatIsBrokenOnTheWireAsABadRequest) {
    BrokenBody body;
    http::Request request;
    request.method = "POST";
    request.path = "/v1/uploads";
    request.id = "00000000000000aa";
    request.is_chunked = true;
    request.body = &body;
    const std::string authorization = "Bearer " + std::string(kAliceKey);
    request.fields.add("Authorization", authorization);
    request.fields.add("Content-Type", "application/json");
    auto response = run_task(router_.handle(request));
    EXPECT_EQ(response.status, 400U);
    EXPECT_EQ(code_of(response), "invalid_argument");
    EXPECT_EQ(count_images(), 0U);
}

TEST_F(Uploads, RefusesSizesThatAreNone) {
    const auto with_size = [](const char* size) {
        return R"({"filename":"a","content_type":"image/png","size_bytes":)" + std::string(size) +
               "}";
    };
    for (const char* size :
         {"0", "-1", "53687091200", "9223372036854775807", "9223372036854775808", "1e9", "1.5",
          "\"100\"", "true", "null"}) {
        EXPECT_EQ(refusal(with_size(size)), Refusal(400, "size_bytes")) << size;
    }
    EXPECT_EQ(
        refusal(R"({"filename":"a","content_type":"image/png"})"), Refusal(400, "size_bytes")
    );
    EXPECT_EQ(count_images(), 0U);
}

TEST_F(Uploads, RefusesTypesThatAreNotOnTheList) {
    for (const std::string& type : std::vector<std::string>{
             "text/html", "image/svg+xml", "image/png;x=<script>", "", "IMAGE/PNG", "image/png ",
             std::string(10'000, 'x')
         }) {
        const auto found =
            refusal(R"({"filename":"a","content_type":")" + type + R"(","size_bytes":1})");
        EXPECT_EQ(found, Refusal(400, "content_type")) << type;
    }
}

TEST_F(Uploads, NamesUnknownFieldsAndStrangeShapes) {
    for (const char* field :
         {"status", "owner_id", "scan", "lifetime_seconds", "expires_at", "variants"}) {
        EXPECT_EQ(
            refusal(upload_body(R"(,")" + std::string(field) + R"(":"ready")")), Refusal(400, field)
        );
    }
    EXPECT_EQ(
        refusal(upload_body(R"(,"thumbnails":[{"name":"t","x":1}])")), Refusal(400, "thumbnails.x")
    );
    EXPECT_EQ(refusal(upload_body(R"(,"thumbnails":{})")), Refusal(400, "thumbnails"));
    EXPECT_EQ(
        refusal(upload_body(R"(,"thumbnails":[{"name":"t","content_type":"image/webp"}])")),
        Refusal(400, "thumbnails.size_bytes")
    );
    EXPECT_EQ(refusal(upload_body(R"(,"metadata":{"a":1})")), Refusal(400, "metadata.a"));
    EXPECT_EQ(refusal(upload_body(R"(,"metadata":"x")")), Refusal(400, "metadata"));
    EXPECT_EQ(refusal(upload_body(R"(,"method":"post")")), Refusal(400, "method"));
    EXPECT_EQ(refusal(upload_body(R"(,"policy":"absent")")), Refusal(400, "policy"));
    EXPECT_EQ(refusal(upload_body(R"(,"checksum_sha256":"zz")")), Refusal(400, "checksum_sha256"));
    EXPECT_EQ(refusal(upload_body(R"(,"size_bytes":5)")), Refusal(400, ""));
    for (const char* body : {"{", "[]", "\"x\"", "{}x", "null", "{\"filename\":\"\xff\"}"}) {
        EXPECT_EQ(refusal(body).first, 400U) << body;
    }
}

TEST_F(Uploads, RefusesBodiesThatAreNotJsonOrTooLong) {
    auto form =
        ask("POST", "/v1/uploads", kAliceKey, upload_body(), {{"Content-Type", "text/plain"}});
    EXPECT_EQ(form.status, 415U);
    auto parameters =
        ask("POST", "/v1/uploads", kAliceKey, upload_body(),
            {{"Content-Type", "Application/JSON; charset=utf-8"}});
    EXPECT_EQ(parameters.status, 201U);
    auto large = ask("POST", "/v1/uploads", kAliceKey, std::string(70'000, ' '));
    EXPECT_EQ(large.status, 413U);
}

TEST_F(Uploads, APolicySaysItsOwnLimits) {
    const auto body = [](int size) {
        return R"({"filename":"a","content_type":"image/png","policy":"avatars","size_bytes":)" +
               std::to_string(size) + "}";
    };
    EXPECT_EQ(refusal(body(1'001)), Refusal(400, "size_bytes"));
    EXPECT_EQ(ask("POST", "/v1/uploads", kAliceKey, body(1'000)).status, 201U);
}

TEST_F(Uploads, ServersNameAnOwnerAndClientsOnlyTheirOwn) {
    const auto id = make_upload(kServerKey, "carol");
    EXPECT_EQ(run_task(adapters_.catalog->find(ImageId{id}))->owner, "carol");
    EXPECT_EQ(run_task(adapters_.catalog->find(ImageId{make_upload(kServerKey)}))->owner, "app");
    EXPECT_EQ(refusal(upload_body(R"(,"owner":"bob")")).first, 403U);
    EXPECT_EQ(
        ask("POST", "/v1/uploads", kAliceKey, upload_body(R"(,"owner":"alice")")).status, 201U
    );
}

TEST_F(Uploads, IdempotencyKeyGivesTheSameImageAgain) {
    const Headers key{{"Idempotency-Key", "order-1"}};
    auto first = ask("POST", "/v1/uploads", kAliceKey, upload_body(), key);
    clock_.advance(std::chrono::seconds(2));
    auto second = ask("POST", "/v1/uploads", kAliceKey, upload_body(), key);
    EXPECT_EQ(first.status, 201U);
    EXPECT_EQ(second.status, 201U);
    EXPECT_EQ(json_of(first).at("image_id"), json_of(second).at("image_id"));
    auto other_body =
        ask("POST", "/v1/uploads", kAliceKey, upload_body(R"(,"policy":"default")"), key);
    EXPECT_EQ(other_body.status, 412U);
    EXPECT_EQ(code_of(other_body), "idempotency_key_reused");
    auto other_caller = ask("POST", "/v1/uploads", kBobKey, upload_body(), key);
    EXPECT_NE(json_of(first).at("image_id"), json_of(other_caller).at("image_id"));
    EXPECT_EQ(count_images(), 2U);
}

TEST_F(Uploads, IdempotencyKeyIsVisibleAscii) {
    for (const std::string& key : std::vector<std::string>{
             std::string(), std::string(256, 'k'), std::string("a b"), std::string("\xc3\xa9")
         }) {
        auto response =
            ask("POST", "/v1/uploads", kAliceKey, upload_body(), {{"Idempotency-Key", key}});
        EXPECT_EQ(response.status, 400U) << key;
    }
    const std::string longest(255, '~');
    EXPECT_EQ(
        ask("POST", "/v1/uploads", kAliceKey, upload_body(), {{"Idempotency-Key", longest}}).status,
        201U
    );
    auto twice =
        ask("POST", "/v1/uploads", kAliceKey, upload_body(),
            {{"Idempotency-Key", "a"}, {"Idempotency-Key", "b"}});
    EXPECT_EQ(twice.status, 400U);
}

TEST_F(Uploads, TooManyOpenPermissionsAre429) {
    options_.max_open_uploads_per_client = 3;
    rebuild();
    for (int i = 0; i < 3; ++i) make_upload(kAliceKey);
    auto fourth = ask("POST", "/v1/uploads", kAliceKey, upload_body());
    EXPECT_EQ(fourth.status, 429U);
    EXPECT_FALSE(fourth.get("Retry-After").empty());
    EXPECT_EQ(code_of(fourth), "open_uploads");
    make_upload(kBobKey);
    make_upload(kServerKey);
}

TEST_F(Uploads, AFloodOfOneCallerIs429AndDoesNotTouchOthers) {
    options_.client_rate = {1, 5};
    rebuild();
    std::size_t refused = 0;
    for (int i = 0; i < 50; ++i) {
        auto response = ask("POST", "/v1/uploads", kAliceKey, upload_body());
        if (response.status == 429) {
            ++refused;
            EXPECT_EQ(response.get("Retry-After"), "1");
        }
    }
    EXPECT_EQ(refused, 45U);
    make_upload(kBobKey);
    clock_.advance(std::chrono::seconds(3));
    for (int i = 0; i < 3; ++i) make_upload(kAliceKey);
    EXPECT_EQ(ask("POST", "/v1/uploads", kAliceKey, upload_body()).status, 429U);
}

}  // namespace
}  // namespace pixgate::testing
