// Who is asking: the one function that turns "Authorization: Bearer …" into a Caller. API keys are
// known by their SHA-256 only; tokens by roles/api/jwt.h. Used by every route that needs a caller.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/crypto.h"
#include "core/caller.h"
#include "http/message.h"
#include "roles/api/jwt.h"
#include "roles/api/key_source.h"

namespace pixgate::roles {

struct ApiKey {
    std::string id;
    Role role = Role::kClient;
    Sha256 hash{};
    std::string owner;
    bool may_sign = false;  // as of Caller
};

// From a key in clear, as first starts have it.
ApiKey make_api_key_entry(std::string id, Role role, std::string_view key, std::string owner);

class Authenticator {
public:
    // `tokens` may be null: API keys only.
    Authenticator(std::vector<ApiKey> keys, JwtRules rules, KeySource* tokens, const Clock& clock);

    // kUnauthenticated, the same for a wrong key, a wrong token, another scheme and none at all.
    Task<Result<Caller>> authenticate(const http::Request& request);

private:
    Result<Caller> by_key(std::string_view key) const;
    Task<Result<Caller>> by_token(std::string_view token);

    std::vector<ApiKey> keys_;
    JwtRules rules_;
    KeySource* tokens_;
    const Clock& clock_;
};

}  // namespace pixgate::roles
