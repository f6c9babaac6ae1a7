#include "roles/api/key_source.h"

#include <gtest/gtest.h>

namespace pixgate::roles {
namespace {

constexpr const char* kEd25519 =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";

std::string set_with(const std::string& kid) {
    return R"({"keys":[)" + std::string(kEd25519) + R"(,"kid":")" + kid + "\"}]}";
}

TEST(ParseJwks, TakesSigningKeysAndLeavesOthersOut) {
    const std::string p256 =
        R"({"kty":"EC","crv":"P-256","kid":"ec","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
        R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","alg":"ES256","use":"sig","x5c":["MII"]})";
    const std::string others =
        R"({"kty":"oct","kid":"secret","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i"},)"
        R"({"kty":"EC","crv":"P-521","kid":"large","x":"AA","y":"AA"},)"
        R"({"kty":"RSA","kid":"weak","n":"AQAB","e":"AQAB"},)" +
        std::string(kEd25519) + R"(,"kid":"enc","use":"enc"},)" + std::string(kEd25519) +
        R"(,"kid":"a b"})";
    const auto keys = parse_jwks(
        R"({"keys":[)" + p256 + "," + others + "," + kEd25519 + R"(,"kid":"ed"}],"x":1})"
    );
    ASSERT_TRUE(keys) << keys.error().message;
    EXPECT_EQ(keys->size(), 2U);
    EXPECT_EQ(keys->at("ec").algorithm(), JwtAlgorithm::kEs256);
    EXPECT_EQ(keys->at("ed").algorithm(), JwtAlgorithm::kEdDsa);
}

TEST(ParseJwks, RefusesWhatIsNoneOrHasNoKey) {
    EXPECT_FALSE(parse_jwks(""));
    EXPECT_FALSE(parse_jwks("[]"));
    EXPECT_FALSE(parse_jwks("{}"));
    EXPECT_FALSE(parse_jwks(R"({"keys":[]})"));
    EXPECT_FALSE(parse_jwks(R"({"keys":{}})"));
    EXPECT_FALSE(parse_jwks(set_with("k") + "x"));
    EXPECT_FALSE(parse_jwks(std::string(kMaxJwksBytes + 1, ' ')));
}

class Source : public testing::Test {
protected:
    KeySource make() {
        KeyTable fixed;
        fixed.emplace("fixed", VerifyKey::from_secret(std::string(32, 's')).value());
        auto fetch = [this]() -> Task<Result<std::string>> {
            ++n_fetched_;
            co_return answer_;
        };
        return KeySource(std::move(fixed), fetch, clock_, std::chrono::seconds(300));
    }
    ManualClock clock_{TimePoint{}};
    Result<std::string> answer_ = set_with("one");
    int n_fetched_ = 0;
};

TEST_F(Source, ReadsAnewForAnUnknownKidButOnlyOnceIn30Seconds) {
    KeySource source = make();
    EXPECT_TRUE(run_task(source.refresh_for_unknown()));
    EXPECT_TRUE(source.keys()->contains("one"));
    EXPECT_TRUE(source.keys()->contains("fixed"));
    answer_ = set_with("two");
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(run_task(source.refresh_for_unknown()));
    EXPECT_EQ(n_fetched_, 1);
    clock_.advance(std::chrono::seconds(31));
    EXPECT_TRUE(run_task(source.refresh_for_unknown()));
    EXPECT_TRUE(source.keys()->contains("two"));
    EXPECT_FALSE(source.keys()->contains("one"));
}

TEST_F(Source, KeepsTheLastGoodSetWhenReadingFails) {
    KeySource source = make();
    EXPECT_TRUE(run_task(source.refresh()));
    for (const Result<std::string>& bad : std::vector<Result<std::string>>{
             fail(Errc::kUnavailable, "down"), std::string("<html>"), std::string("{}")
         }) {
        answer_ = bad;
        EXPECT_FALSE(run_task(source.refresh()));
        EXPECT_TRUE(source.keys()->contains("one"));
    }
}

TEST_F(Source, ASetNeverReplacesAFixedKey) {
    KeySource source = make();
    answer_ = set_with("fixed");
    EXPECT_TRUE(run_task(source.refresh()));
    EXPECT_EQ(source.keys()->at("fixed").algorithm(), JwtAlgorithm::kHs256);
}

TEST_F(Source, EndsWithTheStopFlag) {
    KeySource source = make();
    StopFlag stop;
    stop.set();
    run_task(source.run(stop));
    EXPECT_EQ(n_fetched_, 1);
}

}  // namespace
}  // namespace pixgate::roles
