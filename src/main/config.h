// All that can be set, one struct per module, defaults at the field. Read once by load_config();
// nothing else reads files of settings or the environment. The table that names and documents each
// is in config.cpp.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/settings.h"
#include "core/caller.h"
#include "core/policy.h"

namespace pixgate {

struct ApiKeyConfig {
    std::string id;  // names the caller in logs and quotas
    Role role = Role::kClient;
    std::string hash;   // lower-case hex SHA-256 of the key
    std::string owner;  // whose pictures a client key acts on; the default owner of the others
    std::string where;
};

struct ApiConfig {
    std::string listen = "127.0.0.1:8080";
    std::string public_url;  // empty: http:// and the address listened on
    std::vector<std::string> cors_allowed_origins;
    std::uint32_t max_connections = 12'000;
    std::uint32_t client_requests_per_second = 50;  // attack 8: one account that floods
    std::uint32_t client_request_burst = 200;
    std::uint32_t server_requests_per_second = 1'000;
    std::uint32_t server_request_burst = 2'000;
    std::uint32_t max_open_uploads_per_client = 1'000;
    std::uint32_t max_open_uploads_per_server = 5'000;
    std::uint32_t max_event_streams = 2'000;
    std::uint32_t max_event_streams_per_caller = 100;
    std::vector<ApiKeyConfig> keys;
};

struct JwtKeyConfig {
    std::string id;  // kid
    std::string algorithm;
    std::string public_key;       // PEM
    std::string public_key_file;  // with PEM in it
    std::string secret;           // HS256
    std::string where;
};

struct JwtConfig {
    std::string issuer;
    std::string audience;
    std::string owner_claim = "sub";
    std::vector<std::string> default_may{"upload", "read", "delete"};
    std::chrono::seconds leeway{30};
    std::string jwks_file;
    std::string jwks_url;
    std::chrono::seconds jwks_refresh{300};
    std::vector<JwtKeyConfig> keys;

    bool is_used() const { return !keys.empty() || !jwks_file.empty() || !jwks_url.empty(); }
};

struct StoreConfig {
    std::string listen = "127.0.0.1:9000";
    std::string public_url;  // empty: http:// and the address listened on
    std::string region = "us-east-1";
    std::vector<std::string> cors_allowed_origins{"*"
    };  // presigned URLs carry their own permission
    std::string access_key;  // empty: made at the first start
    std::string secret_key;
    std::uint32_t max_connections = 12'000;
};

struct SigningKeyConfig {
    std::string id;
    std::string secret;  // 32 bytes at least
    std::string where;
};

struct PresetConfig {
    std::string name;
    std::string transform;
    std::string where;
};

struct EdgeConfig {
    std::uint64_t memory_cache_bytes = 256ULL << 20;
    std::uint32_t max_running = 0;   // transforms at once; 0: as many as cores
    std::uint32_t max_waiting = 64;  // distinct transforms in line; over it 503
    // Decoded and encoded on one client's account; 0: no limit.
    std::uint64_t pixels_per_second_per_client = 100'000'000;
    std::vector<std::string> trusted_proxies;  // whose X-Forwarded-For is believed
    std::chrono::seconds stale_if_error{86'400};
    std::chrono::seconds max_age{86'400};  // of public pictures, in other people's caches
    std::string cache_tag_field;           // empty: none
    bool arbitrary_sizes = true;           // sizes that are not on the list, with a signature
    bool presets_only = false;
    bool snap_widths = false;
    bool unsigned_transforms = false;
    std::vector<std::string> auto_formats{"webp"};
    bool client_hints = false;
    std::vector<std::string> dialects;
    std::vector<std::string> imgproxy_keys;  // hex, beside imgproxy_salts
    std::vector<std::string> imgproxy_salts;
    std::chrono::seconds signed_url_lifetime{3'600};
    std::chrono::seconds signed_url_window{300};
    bool endless_signatures = false;
    std::vector<SigningKeyConfig>
        signing_keys;  // the first signs, all verify; empty: made at the first start
};

struct PurgeConfig {
    std::string cloudfront_distribution;  // empty: none
    std::string cloudfront_access_key_id;
    std::string cloudfront_secret_key;
    std::string cloudfront_session_token;
    std::vector<std::string> cloudfront_paths{"/i/{id}/*"};
    std::string cloudfront_endpoint = "https://cloudfront.amazonaws.com";
    std::vector<std::string> http_urls;  // empty: none
    std::string http_method = "PURGE";
    std::vector<std::string> http_headers;
};

// AWS Lambda's rules for asynchronous calls.
struct FunctionConfig {
    std::uint32_t concurrency = 4;
    std::uint32_t retries = 2;
    std::chrono::seconds first_retry_wait{60};  // doubled for the next
    std::chrono::seconds deadline{60};
};

struct QueueConfig {
    std::chrono::seconds visibility{30};
    std::uint32_t max_receives =
        5;  // AWS: "at least 5", as a receive may fail without the receiver's doing
};

struct WorkerConfig {
    std::uint32_t concurrency = 32;
};

struct SweeperConfig {
    std::chrono::seconds interval{5};
    std::chrono::seconds grace{60};  // after a permission's end: an upload begun in time may finish
    std::chrono::seconds stored_deadline{120};  // stored without a verdict for so long: an alert
    bool make_missing_presets = true;
};

struct AlertsConfig {
    std::string slack_webhook_url;  // empty: alerts are log lines
    std::chrono::seconds interval{60};
};

struct SandboxConfig {
    bool required = true;  // refuse to start where the kernel has no seccomp
    std::chrono::milliseconds max_wall{10'000};
    std::uint64_t max_memory_bytes = 1ULL << 30;
    std::uint32_t workers = 0;  // 0: as many as cores
};

struct ImagingConfig {
    std::string watermark_file;  // PNG, WebP or JPEG; empty: no watermark
    bool linear_light = false;
    bool keep_wide_gamut = false;
};

struct PolicyConfig : Policy {
    std::string where;
};

// Made at the first start and kept in DATA_DIR/secrets.json (mode 0600). See main/secrets.h.
struct Secrets {
    std::string instance_id;
    std::string admin_key;
    std::string server_key;
    std::string client_key;  // of the page
    std::string edge_key_id;
    std::string edge_key_secret;
    std::string store_access_key;
    std::string store_secret_key;
};

struct Config {
    std::string data_dir = "pixgate-data";
    std::vector<std::string> roles{"api", "edge", "store", "function", "worker", "sweeper"};
    ApiConfig api;
    JwtConfig jwt;
    StoreConfig store;
    EdgeConfig edge;
    PurgeConfig purge;
    FunctionConfig function;
    QueueConfig queue;
    WorkerConfig worker;
    SweeperConfig sweeper;
    AlertsConfig alerts;
    SandboxConfig sandbox;
    ImagingConfig imaging;
    log::Level log_level = log::Level::kInfo;
    std::vector<PresetConfig> presets;   // beside the built-in ones
    PolicyConfig policy;                 // the default one
    std::vector<PolicyConfig> policies;  // the others, by name

    // Not settings: what `serve` was started with, and what the data directory holds.
    std::string ready_file;
    Secrets secrets;

    bool has_role(std::string_view name) const;
    // It only serves pictures, beside a process that does the rest on the same data directory.
    bool is_guest() const;
    // The first-start keys work only where nobody but this machine can come.
    bool takes_first_start_keys() const;
    std::map<std::string, Policy, std::less<>> policies_by_name() const;
};

// Binds each setting to its field. The table holds references into `config`.
void describe(SettingsTable& table, Config& config);

struct LoadedConfig {
    Config config;
    std::vector<SettingMistake> mistakes;  // in order of discovery; not empty: do not use config
    std::string shown;                     // what is in force, secrets as stars
};
struct ConfigSources {
    std::string file;  // path; empty: PIXGATE_CONFIG, or none
    std::map<std::string, std::string> environment;
    std::vector<SettingFlag> flags;
};
LoadedConfig load_config(const ConfigSources& sources);

// Rules that concern more than one value, each mistake with the place of the value.
std::vector<SettingMistake> check_config(const Config& config, const SettingsTable& table);

// "127.0.0.1:8080", "[::1]:0", "localhost:80" -> host and port; kInvalidArgument for others.
struct ListenAddress {
    std::string host;
    std::uint16_t port = 0;
};
Result<ListenAddress> parse_listen(std::string_view text);
bool is_loopback(std::string_view host);

}  // namespace pixgate
