// Who may call what: every route by every role, keys, and the attacks on tokens.
#include "tests/support/api_fixture.h"

namespace pixgate::testing {
namespace {

class Access : public ApiFixture {
protected:
    static std::string path_of(std::string_view pattern) {
        std::string path(pattern);
        if (const auto at = path.find("{id}"); at != path.npos) {
            path.replace(at, 4, "00000000-0000-7000-8000-00000000ffff");
        }
        return path;
    }
    unsigned status_of(const roles::ApiRoute& route, std::string_view key, Headers headers = {}) {
        const std::string body = route.method == "POST" ? "{}" : "";
        return ask(route.method, path_of(route.pattern), key, body, std::move(headers)).status;
    }
    unsigned with_token(const std::string& token) { return ask("GET", "/v1/images", token).status; }
    static std::string claims(std::string_view extra = "", std::string_view exp = "1767229200") {
        return R"({"iss":"https://issuer.example","aud":"pixgate","sub":"dora","exp":)" +
               std::string(exp) + std::string(extra) + "}";
    }
};

TEST_F(Access, EveryRouteAsksForACredentialUnlessItIsForEveryone) {
    for (const auto& route : roles::Api::routes()) {
        const bool is_open = route.access == roles::Access::kEveryone;
        const Headers proxied{{"X-Forwarded-For", "203.0.113.9"}};
        EXPECT_EQ(status_of(route, "", proxied) == 401, !is_open)
            << route.method << " " << route.pattern;
        EXPECT_EQ(status_of(route, "pk_admin_wrong") == 401, !is_open)
            << route.method << " " << route.pattern;
    }
}

TEST_F(Access, EveryAdminRouteRefusesEveryLowerRole) {
    std::size_t n_admin_routes = 0;
    for (const auto& route : roles::Api::routes()) {
        const bool is_for_admin = route.access == roles::Access::kAdmin ||
                                  route.access == roles::Access::kAdminOrLoopback;
        n_admin_routes += is_for_admin ? 1 : 0;
        for (const std::string& key :
             {std::string(kAliceKey), std::string(kServerKey), jwt(claims())}) {
            EXPECT_EQ(status_of(route, key) == 403, is_for_admin)
                << route.method << " " << route.pattern << " " << key;
        }
        EXPECT_NE(status_of(route, kAdminKey), 403U) << route.pattern;
        EXPECT_NE(status_of(route, kAdminKey), 401U) << route.pattern;
    }
    EXPECT_EQ(n_admin_routes, 5U);
}

TEST_F(Access, MetricsAreForAdminsAndForThisMachine) {
    EXPECT_EQ(ask("GET", "/metrics", "").status, 200U);
    EXPECT_EQ(
        ask("GET", "/metrics", kAdminKey, "", {{"X-Forwarded-For", "203.0.113.9"}}).status, 200U
    );
    for (const char* proxy : {"X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"}) {
        EXPECT_EQ(ask("GET", "/metrics", "", "", {{proxy, "127.0.0.1"}}).status, 401U) << proxy;
    }
}

TEST_F(Access, RefusalsAreAllAlikeAndAskForABearer) {
    auto none = ask("GET", "/v1/images", "");
    auto wrong = ask("GET", "/v1/images", "pk_client_wrong");
    auto token = ask("GET", "/v1/images", "a.b.c");
    EXPECT_EQ(none.get("WWW-Authenticate"), "Bearer");
    EXPECT_EQ(text_of(none), text_of(wrong));
    EXPECT_EQ(text_of(none), text_of(token));
}

TEST_F(Access, OtherSchemesAndDoubledFieldsAreRefused) {
    const std::string key(kAliceKey);
    for (const std::string& value : std::vector<std::string>{
             "Basic " + key, key, "Bearer", "Bearer ", "bearer" + key, "Bearer " + key + " x"
         }) {
        EXPECT_EQ(ask("GET", "/v1/images", "", "", {{"Authorization", value}}).status, 401U)
            << value;
    }
    EXPECT_EQ(ask("GET", "/v1/images", "", "", {{"Authorization", "bEARER " + key}}).status, 200U);
    EXPECT_EQ(
        ask("GET", "/v1/images", kAliceKey, "", {{"Authorization", "Bearer " + key}}).status, 401U
    );
    EXPECT_EQ(ask("GET", "/v1/images?access_token=" + key, "").status, 401U);
}

TEST_F(Access, ATokenActsForItsSubject) {
    const std::string token = jwt(claims());
    const auto id = make_upload(token);
    EXPECT_EQ(run_task(adapters_.catalog->find(ImageId{id}))->owner, "dora");
    EXPECT_EQ(ask("GET", "/v1/images/" + id, token).status, 200U);
    EXPECT_EQ(ask("GET", "/v1/images/" + id, kAliceKey).status, 404U);
    EXPECT_EQ(with_token(jwt(claims(), R"({"alg":"HS256","typ":"JWT","kid":"main"})")), 200U);
    EXPECT_EQ(
        with_token(jwt(claims(R"(,"nbf":1767225620,"iat":1,"jti":"x","scope":"a b")"))), 200U
    );
}

TEST_F(Access, ATokenMayDoWhatItSaysAndNoMore) {
    const auto may = [&](const char* list) {
        return jwt(claims(R"(,"pixgate":{"may":)" + std::string(list) + "}"));
    };
    const std::string path = "/v1/images/" + make_upload(may(R"(["upload"])"));
    EXPECT_EQ(ask("GET", path, may(R"(["upload","delete"])")).status, 403U);
    EXPECT_EQ(ask("GET", "/v1/events", may(R"(["upload"])")).status, 403U);
    EXPECT_EQ(ask("GET", path, may(R"(["read"])")).status, 200U);
    EXPECT_EQ(ask("DELETE", path, may(R"(["read","upload","admin"])")).status, 403U);
    EXPECT_EQ(ask("POST", "/v1/uploads", may("[]"), upload_body()).status, 403U);
    EXPECT_EQ(ask("GET", path, may(R"("read")")).status, 401U);
    const std::string all = R"({"family":"image"})";
    EXPECT_EQ(ask("POST", path + "/links", may(R"(["read"])"), all).status, 403U);
    EXPECT_EQ(ask("POST", path + "/links", may(R"(["sign"])"), all).status, 403U);
    EXPECT_EQ(ask("POST", path + "/links", may(R"(["read","sign"])"), all).status, 200U);
    EXPECT_EQ(ask("DELETE", path, may(R"(["delete"])")).status, 204U);
}

// Attack 126.
TEST_F(Access, TheAlgorithmOfATokenIsTheKeys) {
    for (const char* algorithm :
         {"none", "None", "NONE", "nOnE", "", "HS384", "RS256", "ES256", "EdDSA", "hs256"}) {
        const std::string header = R"({"alg":")" + std::string(algorithm) + "\"}";
        EXPECT_EQ(with_token(jwt(claims(), header)), 401U) << algorithm;
        const std::string unsigned_token =
            base64url_encode(as_bytes(header)) + "." + base64url_encode(as_bytes(claims())) + ".";
        EXPECT_EQ(with_token(unsigned_token), 401U) << algorithm;
    }
    EXPECT_EQ(with_token(jwt(claims(), "{}")), 401U);
    EXPECT_EQ(with_token(jwt(claims(), R"({"alg":["HS256"]})")), 401U);
    const std::string good = jwt(claims());
    EXPECT_EQ(with_token(good.substr(0, good.rfind('.') + 1)), 401U) << "empty signature";
    EXPECT_EQ(with_token(good.substr(0, good.size() - 2)), 401U) << "cut signature";
}

// Attack 128.
TEST_F(Access, HeadersThatWouldChooseAKeyAreRefused) {
    for (const char* kid :
         {"../../dev/null", "' OR 1=1 --", "https://evil.example/k", "", "other", "main\\u0000"}) {
        EXPECT_EQ(
            with_token(jwt(claims(), R"({"alg":"HS256","kid":")" + std::string(kid) + "\"}")), 401U
        ) << kid;
    }
    for (const char* member : {"jku", "x5u", "jwk", "crit"}) {
        const std::string header =
            R"({"alg":"HS256",")" + std::string(member) + R"(":"https://evil.example"})";
        EXPECT_EQ(with_token(jwt(claims(), header)), 401U) << member;
    }
    EXPECT_EQ(with_token(jwt(claims(), R"({"alg":"HS256","typ":"logout+jwt"})")), 401U);
    EXPECT_EQ(with_token(jwt(claims(), R"({"alg":"HS256","alg":"HS256"})")), 401U);
}

// Attack 129. The clock stands at 1767225600.
TEST_F(Access, ClaimsAreChecked) {
    EXPECT_EQ(with_token(jwt(claims("", "1767225571"))), 200U) << "within the leeway";
    const std::vector<std::pair<const char*, std::string>> bad{
        {"expired", claims("", "1767225570")},
        {"no exp", R"({"iss":"https://issuer.example","aud":"pixgate","sub":"dora"})"},
        {"float exp", claims("", "1767229200.5")},
        {"exponent", claims("", "1.8e9")},
        {"text exp", claims("", "\"1767229200\"")},
        {"huge exp", claims("", "9223372036854775807")},
        {"future nbf", claims(R"(,"nbf":1767225631)")},
        {"float nbf", claims(R"(,"nbf":1.5)")},
        {"duplicate", claims(R"(,"sub":"eve")")},
        {"duplicate exp", claims(R"(,"exp":1767229200)")},
        {"wrong iss",
         R"({"iss":"https://evil.example","aud":"pixgate","sub":"dora","exp":1767229200})"},
        {"no iss", R"({"aud":"pixgate","sub":"dora","exp":1767229200})"},
        {"wrong aud",
         R"({"iss":"https://issuer.example","aud":"other","sub":"dora","exp":1767229200})"},
        {"no aud", R"({"iss":"https://issuer.example","sub":"dora","exp":1767229200})"},
        {"no sub", R"({"iss":"https://issuer.example","aud":"pixgate","exp":1767229200})"},
        {"empty sub",
         R"({"iss":"https://issuer.example","aud":"pixgate","sub":"","exp":1767229200})"},
        {"number sub",
         R"({"iss":"https://issuer.example","aud":"pixgate","sub":7,"exp":1767229200})"},
        {"control in sub",
         R"({"iss":"https://issuer.example","aud":"pixgate","sub":"a\nb","exp":1767229200})"},
        {"not an object", "[1]"},
        {"not JSON", "x"},
    };
    for (const auto& [what, text] : bad) EXPECT_EQ(with_token(jwt(text)), 401U) << what;
    EXPECT_EQ(
        with_token(jwt(
            R"({"iss":"https://issuer.example","aud":["a","pixgate"],"sub":"d","exp":1767229200})"
        )),
        200U
    );
}

TEST_F(Access, LongAndBrokenTokensAreRefused) {
    EXPECT_EQ(with_token(jwt(claims(R"(,"pad":")" + std::string(9'000, 'x') + "\""))), 401U);
    EXPECT_EQ(with_token(std::string(1 << 20, 'a') + ".b.c"), 401U);
    for (const char* token : {"..", "a.b", "a.b.c.d", "e30.e30.", "!.!.!", "e30=.e30.AA"}) {
        EXPECT_EQ(with_token(token), 401U) << token;
    }
}

// Attack 127: the public key as an HMAC secret.
TEST(JwtKeys, APublicKeyIsNeverASecret) {
    constexpr std::string_view kX = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    roles::KeyTable keys;
    keys.emplace("k", VerifyKey::from_ed25519(kX).value());
    const std::string text = base64url_encode(as_bytes(R"({"alg":"HS256"})")) + "." +
                             base64url_encode(as_bytes(R"({"sub":"x","exp":9999999999})"));
    const auto raw = base64url_decode(kX).value();
    for (const ByteView secret : {ByteView(raw), as_bytes(kX)}) {
        const std::string token =
            text + "." + base64url_encode(hmac_sha256(secret, as_bytes(text)));
        const auto parsed = roles::parse_token(token);
        ASSERT_TRUE(parsed);
        const auto verified =
            roles::verify_token(*parsed, *roles::find_key(keys, ""), {}, TimePoint{});
        ASSERT_FALSE(verified);
        EXPECT_EQ(verified.error().code, Errc::kUnauthenticated);
    }
}

TEST(JwtKeys, WithoutKidOnlyASingleKeyIsTaken) {
    roles::KeyTable keys;
    keys.emplace("a", VerifyKey::from_secret(std::string(32, 'a')).value());
    EXPECT_NE(roles::find_key(keys, ""), nullptr);
    EXPECT_EQ(roles::find_key(keys, "b"), nullptr);
    keys.emplace("b", VerifyKey::from_secret(std::string(32, 'b')).value());
    EXPECT_EQ(roles::find_key(keys, ""), nullptr);
    EXPECT_NE(roles::find_key(keys, "b"), nullptr);
}

}  // namespace
}  // namespace pixgate::testing
