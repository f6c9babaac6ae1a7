// Keys that verify tokens: a table from `kid` to key, from the configuration or from a JWK set (RFC
// 7517).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/crypto.h"

namespace pixgate::roles {

// Each key has one algorithm; no token can choose another.
using KeyTable = std::map<std::string, VerifyKey, std::less<>>;

// "HS256", "RS256", "ES256", "EdDSA"; kInvalidArgument for others, "none" among them.
Result<JwtAlgorithm> parse_algorithm(std::string_view name);
std::string_view name_of(JwtAlgorithm algorithm);

// 1 to 128 characters of base64, base64url, UUIDs and the like: an index into a table, never a path
// or query.
bool is_kid(std::string_view kid);

// The keys of a JWK set that can verify signatures. Others (encryption keys, curves we do not use,
// secrets: a set that travels must not hold any) are left out; kInvalidArgument where none is left
// or the text is broken.
Result<KeyTable> parse_jwks(std::string_view json);

inline constexpr std::size_t kMaxJwksBytes = 256 * 1024;

}  // namespace pixgate::roles
