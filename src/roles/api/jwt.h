// JSON Web Tokens of the application's own users: compact JWS (RFC 7515, 7519, best practice of RFC
// 8725). The key says the algorithm, never the token. Pure; keys come from jwks.h and key_source.h.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "core/caller.h"
#include "roles/api/jwks.h"

namespace pixgate::roles {

struct JwtRules {
    std::string issuer;
    std::string audience;
    std::string owner_claim = "sub";
    std::vector<std::string> default_may{"upload", "read", "delete"};
    std::chrono::seconds leeway{30};
};

inline constexpr std::size_t kMaxTokenBytes = 8 * 1024;

// A token cut into its parts, its header read. Nothing of it is proven yet.
struct ParsedToken {
    std::string algorithm;         // of the header
    std::string kid;               // empty: none
    std::string claims;            // JSON
    std::string_view signed_text;  // into the token
    Bytes signature;
};

// True for what looks like three parts with dots: API keys never do.
bool looks_like_jwt(std::string_view token);

// kUnauthenticated for whatever is not a well-formed token, for one over 8 KB, and for headers that
// would change how it is to be verified (crit, jku, x5u, jwk).
Result<ParsedToken> parse_token(std::string_view token);

// The key of a token: by kid; without kid the only one there is. Null where there is none.
const VerifyKey* find_key(const KeyTable& keys, const std::string& kid);

// Signature, then issuer, audience, times and owner. Every refusal is kUnauthenticated; the message
// is for logs.
Result<Caller> verify_token(
    const ParsedToken& token, const VerifyKey& key, const JwtRules& rules, TimePoint now
);

}  // namespace pixgate::roles
