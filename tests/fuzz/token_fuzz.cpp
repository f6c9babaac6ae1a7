// Tokens and JWK sets from strangers: never crashes, and no token that the fuzzer makes up is
// taken.
#include <cstdlib>

#include "base/ids.h"
#include "roles/api/jwt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace pixgate;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static const VerifyKey kKey = VerifyKey::from_secret(random_token(32)).value();
    if (const auto token = roles::parse_token(text)) {
        if (roles::verify_token(*token, kKey, {}, TimePoint{})) std::abort();
    }
    // The same bytes as claims, signed well: only the rules can refuse them now.
    static const std::string kSecret(32, 's');
    static const VerifyKey kOurs = VerifyKey::from_secret(kSecret).value();
    roles::JwtRules rules;
    rules.issuer = "i";
    rules.audience = "a";
    const std::string parts =
        base64url_encode(as_bytes(R"({"alg":"HS256"})")) + "." + base64url_encode(as_bytes(text));
    const std::string whole =
        parts + "." + base64url_encode(hmac_sha256(as_bytes(kSecret), as_bytes(parts)));
    if (const auto token = roles::parse_token(whole)) {
        const auto caller = roles::verify_token(*token, kOurs, rules, TimePoint{});
        if (caller && (caller->owner.empty() || caller->acts_for_all())) std::abort();
    }
    static_cast<void>(roles::parse_jwks(text));
    return 0;
}
