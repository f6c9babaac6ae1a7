// From settings to what roles/api takes: keys, rules of tokens, limits, signers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/edge_signature.h"
#include "main/config.h"
#include "roles/api/api.h"

namespace pixgate {

// The keys of the configuration and, where only this machine can come, the first-start ones
// ("admin", "server", "page").
std::vector<roles::ApiKey> api_keys_of(const Config& config);

// kInvalidArgument for a key that is none; reads public_key_file.
Result<VerifyKey> verify_key_of(const JwtKeyConfig& key);
roles::JwtRules jwt_rules_of(const Config& config);
// Null where no tokens are taken.
Result<std::unique_ptr<roles::KeySource>> make_key_source(
    const Config& config, const Clock& clock, Pool& blocking
);

EdgeSigner edge_signer_of(const Config& config);
// api_url and store_url: as browsers reach them, without a slash at the end.
roles::ApiOptions api_options_of(
    const Config& config, const std::string& api_url, const std::string& store_url
);

// The store's credentials: of the configuration, or those made at the first start.
struct StoreCredentials {
    std::string access_key;
    std::string secret_key;
};
StoreCredentials store_credentials_of(const Config& config);

}  // namespace pixgate
