#include "main/access.h"

#include "main/edge_settings.h"
#include "main/secrets.h"

namespace pixgate {

namespace {

// Whose pictures the first-start keys act on where nothing else is said.
constexpr const char* kFirstOwner = "local";

Sha256 hash_of_hex(const std::string& hex) {
    Sha256 out{};
    if (const auto bytes = hex_decode(hex); bytes && bytes->size() == out.size()) {
        std::ranges::copy(*bytes, out.begin());
    }
    return out;
}

}  // namespace

std::vector<roles::ApiKey> api_keys_of(const Config& config) {
    std::vector<roles::ApiKey> out;
    for (const auto& key : config.api.keys) {
        out.push_back(
            {key.id, key.role, hash_of_hex(key.hash), key.owner.empty() ? key.id : key.owner}
        );
    }
    if (!config.takes_first_start_keys()) return out;
    const Secrets& s = config.secrets;
    const auto add = [&out](const char* id, Role role, const std::string& key) {
        if (!key.empty()) out.push_back(roles::make_api_key_entry(id, role, key, kFirstOwner));
    };
    add("first-start-admin", Role::kAdmin, s.admin_key);
    add("first-start-server", Role::kServer, s.server_key);
    add("first-start-page", Role::kClient, s.client_key);
    // The page shows every transform. These keys work on this machine only.
    if (!s.client_key.empty()) out.back().may_sign = true;
    return out;
}

Result<VerifyKey> verify_key_of(const JwtKeyConfig& key) {
    TRY(const JwtAlgorithm algorithm, roles::parse_algorithm(key.algorithm));
    if (algorithm == JwtAlgorithm::kHs256) return VerifyKey::from_secret(key.secret);
    if (key.public_key_file.empty()) return VerifyKey::from_pem(algorithm, key.public_key);
    TRY(const std::string pem, read_small_file(key.public_key_file, 64 * 1024));
    return VerifyKey::from_pem(algorithm, pem);
}

roles::JwtRules jwt_rules_of(const Config& config) {
    return {
        config.jwt.issuer, config.jwt.audience, config.jwt.owner_claim, config.jwt.default_may,
        config.jwt.leeway
    };
}

Result<std::unique_ptr<roles::KeySource>> make_key_source(
    const Config& config, const Clock& clock, Pool& blocking
) {
    if (!config.jwt.is_used()) return nullptr;
    roles::KeyTable fixed;
    for (const auto& key : config.jwt.keys) {
        TRY(VerifyKey parsed, verify_key_of(key));
        fixed.insert_or_assign(key.id, std::move(parsed));
    }
    roles::KeySource::Fetch fetch;
    if (!config.jwt.jwks_url.empty()) fetch = roles::fetch_jwks_url(config.jwt.jwks_url);
    if (!config.jwt.jwks_file.empty())
        fetch = roles::fetch_jwks_file(config.jwt.jwks_file, blocking);
    return std::make_unique<roles::KeySource>(
        std::move(fixed), std::move(fetch), clock, config.jwt.jwks_refresh
    );
}

EdgeSigner edge_signer_of(const Config& config) {
    std::map<std::string, std::string> keys;
    for (const auto& key : config.edge.signing_keys) keys.emplace(key.id, key.secret);
    const EdgeSigner::Rules rules{config.edge.signed_url_window, config.edge.endless_signatures};
    if (!keys.empty()) return {std::move(keys), config.edge.signing_keys.front().id, rules};
    keys.emplace(config.secrets.edge_key_id, config.secrets.edge_key_secret);
    return {std::move(keys), config.secrets.edge_key_id, rules};
}

roles::ApiOptions api_options_of(
    const Config& config, const std::string& api_url, const std::string& store_url
) {
    const ApiConfig& api = config.api;
    roles::ApiOptions out;
    out.public_url = api_url;
    out.store_url = store_url;
    out.cors_allowed_origins = api.cors_allowed_origins;
    out.client_rate = {
        static_cast<double>(api.client_requests_per_second),
        static_cast<double>(api.client_request_burst)
    };
    out.server_rate = {
        static_cast<double>(api.server_requests_per_second),
        static_cast<double>(api.server_request_burst)
    };
    out.max_open_uploads_per_client = api.max_open_uploads_per_client;
    out.max_open_uploads_per_server = api.max_open_uploads_per_server;
    out.max_event_streams = api.max_event_streams;
    out.max_event_streams_per_caller = api.max_event_streams_per_caller;
    out.signed_url_lifetime = config.edge.signed_url_lifetime;
    out.openness = openness_of(config);
    out.presets = presets_of(config);
    return out;
}

StoreCredentials store_credentials_of(const Config& config) {
    if (!config.store.access_key.empty()) return {config.store.access_key, config.store.secret_key};
    return {config.secrets.store_access_key, config.secrets.store_secret_key};
}

}  // namespace pixgate
