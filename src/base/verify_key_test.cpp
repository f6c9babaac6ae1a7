#include <gtest/gtest.h>

#include "base/crypto.h"

namespace pixgate {
namespace {

Bytes b64(std::string_view text) {
    auto bytes = base64url_decode(text);
    EXPECT_TRUE(bytes) << text;
    return bytes.value_or(Bytes{});
}

// RFC 7515 appendix A.1 to A.3: the same claims under three algorithms.
constexpr std::string_view kClaims =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlf"
    "Q";
constexpr std::string_view kRsaN =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"
    "4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SF"
    "d2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-"
    "KXBdQOS-UTo7"
    "WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_"
    "h9iaGNj8q2ethFkMLs"
    "91kzk2PAcDTW9gb54h4FRWyuXpoQ";
constexpr std::string_view kRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF"
    "9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
    "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383Lc"
    "OLn6_dO--xi12jzDwusC-"
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlV"
    "mtVrBp0igcN_IoypGlUPQGe77Rw";
constexpr std::string_view kP256X = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
constexpr std::string_view kP256Y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
constexpr std::string_view kP256Signature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

void expect_only_the_right_signature(const VerifyKey& key, std::string_view data, Bytes signature) {
    EXPECT_TRUE(key.verify(as_bytes(data), signature));
    EXPECT_FALSE(key.verify(as_bytes(std::string(data) + "x"), signature));
    EXPECT_FALSE(key.verify(as_bytes(data), {}));
    Bytes longer = signature;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(key.verify(as_bytes(data), longer));
    signature[signature.size() / 2] ^= std::byte{1};
    EXPECT_FALSE(key.verify(as_bytes(data), signature));
    EXPECT_FALSE(key.verify(as_bytes(data), Bytes(signature.size())));
}

TEST(VerifyKey, VerifiesTheRs256ExampleOfRfc7515) {
    const auto key = VerifyKey::from_rsa(kRsaN, "AQAB");
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->algorithm(), JwtAlgorithm::kRs256);
    const std::string data = "eyJhbGciOiJSUzI1NiJ9." + std::string(kClaims);
    expect_only_the_right_signature(*key, data, b64(kRsaSignature));
}

TEST(VerifyKey, VerifiesTheEs256ExampleOfRfc7515) {
    const auto key = VerifyKey::from_p256(kP256X, kP256Y);
    ASSERT_TRUE(key) << key.error().message;
    const std::string data = "eyJhbGciOiJFUzI1NiJ9." + std::string(kClaims);
    expect_only_the_right_signature(*key, data, b64(kP256Signature));
}

TEST(VerifyKey, VerifiesTheEd25519ExampleOfRfc8037) {
    const auto key = VerifyKey::from_ed25519("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
    ASSERT_TRUE(key) << key.error().message;
    expect_only_the_right_signature(
        *key, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        b64("hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        )
    );
}

TEST(VerifyKey, VerifiesTheHs256ExampleOfRfc7515) {
    const Bytes secret =
        b64("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
        );
    const auto key = VerifyKey::from_secret(as_text(secret));
    ASSERT_TRUE(key);
    const std::string data = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + std::string(kClaims);
    expect_only_the_right_signature(*key, data, b64("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
}

TEST(VerifyKey, ReadsPem) {
    // The Ed25519 key of RFC 8410 section 10.1.
    const std::string pem =
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----\n";
    EXPECT_TRUE(VerifyKey::from_pem(JwtAlgorithm::kEdDsa, pem));
    EXPECT_FALSE(VerifyKey::from_pem(JwtAlgorithm::kRs256, pem));
    EXPECT_FALSE(VerifyKey::from_pem(JwtAlgorithm::kEs256, pem));
    EXPECT_FALSE(VerifyKey::from_pem(JwtAlgorithm::kHs256, pem));
    EXPECT_FALSE(VerifyKey::from_pem(JwtAlgorithm::kEdDsa, "MCowBQYDK2VwAyEA"));
    EXPECT_FALSE(VerifyKey::from_pem(JwtAlgorithm::kEdDsa, ""));
}

TEST(VerifyKey, RefusesWeakAndBrokenKeys) {
    EXPECT_FALSE(VerifyKey::from_secret(std::string(31, 's')));
    EXPECT_FALSE(VerifyKey::from_rsa("ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTY", "AQAB")
    );                                               // 256 bits
    EXPECT_FALSE(VerifyKey::from_rsa(kRsaN, "AQ"));  // exponent 1
    EXPECT_FALSE(VerifyKey::from_rsa(kRsaN, ""));
    EXPECT_FALSE(VerifyKey::from_rsa("", "AQAB"));
    EXPECT_FALSE(VerifyKey::from_rsa("not base64!", "AQAB"));
    EXPECT_FALSE(VerifyKey::from_p256(kP256X, kP256X)) << "not a point of the curve";
    EXPECT_FALSE(VerifyKey::from_p256(kP256X, "AA"));
    EXPECT_FALSE(VerifyKey::from_ed25519("AAAA"));
    EXPECT_FALSE(VerifyKey().verify({}, {}));
}

}  // namespace
}  // namespace pixgate
