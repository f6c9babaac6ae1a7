// Rules that concern more than one setting, and the refusal to be reached from outside without
// secrets.
#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/crypto.h"
#include "core/image.h"
#include "core/transform.h"
#include "core/upload.h"
#include "flow/products.h"
#include "imaging/imaging.h"
#include "main/access.h"
#include "main/config.h"
#include "main/edge_settings.h"

namespace pixgate {

Result<ListenAddress> parse_listen(std::string_view text) {
    const auto colon = text.rfind(':');
    const auto wrong =
        fail(Errc::kInvalidArgument, "write it as host:port, such as 127.0.0.1:8080");
    if (colon == text.npos || colon == 0) return wrong;
    std::string_view host = text.substr(0, colon);
    const std::string_view port = text.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    } else if (host.contains(':')) {
        return wrong;
    }
    ListenAddress out{std::string(host), 0};
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (host.empty() || error != std::errc{} || end != port.data() + port.size()) return wrong;
    return out;
}

bool is_loopback(std::string_view host) {
    if (host == "localhost" || host == "::1") return true;
    // Numbers only: "127.evil.example" is a name.
    return host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos;
}

namespace {

bool is_hex_sha256(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == text.npos;
}

bool is_key_id(std::string_view text) {
    return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
}

// Secrets that everybody knows, from documentation of stores and of AWS.
bool is_weak_secret(std::string_view secret) {
    constexpr std::array<std::string_view, 5> kKnown{
        "minioadmin", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "secretsecretsecret",
        "changemechangeme", "passwordpassword"
    };
    if (secret.size() < 16) return true;
    if (std::ranges::find(kKnown, secret) != kKnown.end()) return true;
    return std::set<char>(secret.begin(), secret.end()).size() < 6;
}

bool is_http_origin(std::string_view url) {
    const bool is_http = url.starts_with("http://") || url.starts_with("https://");
    if (!is_http) return false;
    const auto rest = url.substr(url.find("://") + 3);
    return !rest.empty() && rest.find_first_of("/?#@ \"\\") == rest.npos;
}

bool is_secure_url(std::string_view url) {
    if (url.starts_with("https://")) return true;
    if (!url.starts_with("http://")) return false;
    auto host = url.substr(7);
    host = host.substr(0, host.find_first_of("/?#"));
    if (const auto colon = host.rfind(':'); colon != host.npos && !host.ends_with(']')) {
        host = host.substr(0, colon);
    }
    return is_loopback(host) || host == "[::1]";
}

class Checker {
public:
    Checker(const Config& config, const SettingsTable& table) : c_(config), t_(table) {}

    std::vector<SettingMistake> run() {
        check_roles();
        check_addresses();
        check_api_keys();
        check_jwt();
        check_edge();
        check_policies();
        check_exposure();
        return std::move(mistakes_);
    }

private:
    void say(std::string where, std::string text) {
        mistakes_.push_back({std::move(where), std::move(text)});
    }
    void say_of(const std::string& setting, const std::string& text) {
        const std::string where = t_.where(setting);
        say(where == "default" ? setting : where, setting + ": " + text);
    }

    void check_roles() {
        const std::vector<std::string> known{"api",      "edge",   "store",
                                             "function", "worker", "sweeper"};
        if (c_.roles.empty()) say_of("roles", "at least one is needed");
        for (const auto& role : c_.roles) {
            if (std::ranges::find(known, role) != known.end()) continue;
            const auto meant = nearest(role, known);
            say_of(
                "roles",
                "unknown role " + role + (meant.empty() ? "" : "; did you mean " + meant + "?")
            );
        }
        const bool tells_caches =
            !c_.purge.http_urls.empty() || !c_.purge.cloudfront_distribution.empty();
        if (tells_caches && !c_.has_role("sweeper") && !c_.is_guest())
            say_of(
                "roles", "what is set in [purge] is done by the role sweeper, which is not here"
            );
        if (c_.data_dir.empty()) say_of("data_dir", "must not be empty");
    }

    void check_addresses() {
        for (const auto& [name, value] :
             {std::pair("api.listen", &c_.api.listen), {"store.listen", &c_.store.listen}}) {
            if (const auto address = parse_listen(*value); !address)
                say_of(name, address.error().message);
        }
        for (const auto& [name, value] :
             {std::pair("api.public_url", &c_.api.public_url),
              {"store.public_url", &c_.store.public_url}}) {
            if (!value->empty() && !is_http_origin(*value)) {
                say_of(name, "write it as https://host or http://host:port, without a path");
            }
        }
        for (const auto& [name, list] :
             {std::pair("api.cors_allowed_origins", &c_.api.cors_allowed_origins),
              {"store.cors_allowed_origins", &c_.store.cors_allowed_origins}}) {
            for (const auto& origin : *list) {
                if (origin != "*" && !is_http_origin(origin))
                    say_of(name, origin + " is not an origin");
            }
        }
        if (!c_.alerts.slack_webhook_url.empty() && !is_secure_url(c_.alerts.slack_webhook_url)) {
            say_of("alerts.slack_webhook_url", "must begin with https://");
        }
        if (c_.store.access_key.empty() != c_.store.secret_key.empty()) {
            say_of("store.access_key", "access_key and secret_key belong together");
        }
    }

    void check_api_keys() {
        std::set<std::string> ids;
        for (const auto& key : c_.api.keys) {
            if (!is_key_id(key.id)) say(key.where, "api.keys: id is 1 to 32 of A-Z a-z 0-9 _ -");
            if (!ids.insert(key.id).second)
                say(key.where, "api.keys: the id " + key.id + " is there twice");
            if (!is_hex_sha256(key.hash)) {
                say(key.where,
                    "api.keys: hash is the SHA-256 of the key in hex; pixgate keys create prints it"
                );
            } else if (key.hash == sha256_hex("")) {
                say(key.where, "api.keys: this is the hash of an empty key");
            }
            if (!key.owner.empty() && !is_owner(key.owner)) {
                say(key.where, "api.keys: owner is 1 to 200 bytes without control characters");
            }
            if (key.role == Role::kClient && key.owner.empty()) {
                say(key.where, "api.keys: a client key needs an owner");
            }
        }
    }

    void check_jwt() {
        const std::set<std::string> algorithms{"HS256", "RS256", "ES256", "EdDSA"};
        std::set<std::string> ids;
        for (const auto& key : c_.jwt.keys) {
            if (!algorithms.contains(key.algorithm)) {
                say(key.where, "jwt.keys: algorithm is HS256, RS256, ES256 or EdDSA");
            }
            const int given =
                !key.public_key.empty() + !key.public_key_file.empty() + !key.secret.empty();
            if (given != 1) {
                say(key.where, "jwt.keys: give one of public_key, public_key_file, secret");
            } else if ((key.algorithm == "HS256") == key.secret.empty()) {
                say(key.where, "jwt.keys: HS256 takes a secret, the others a public key");
            }
            if (algorithms.contains(key.algorithm) && given == 1) {
                if (const auto parsed = verify_key_of(key); !parsed) {
                    say(key.where, "jwt.keys: " + parsed.error().message);
                }
            }
            if (!roles::is_kid(key.id)) say(key.where, "jwt.keys: id is not a kid");
            if (!ids.insert(key.id).second)
                say(key.where, "jwt.keys: the id " + key.id + " is there twice");
        }
        if (c_.jwt.is_used() && c_.jwt.issuer.empty())
            say_of("jwt.issuer", "needed to check tokens");
        if (c_.jwt.is_used() && c_.jwt.audience.empty())
            say_of("jwt.audience", "needed to check tokens");
        if (!c_.jwt.jwks_file.empty() && !c_.jwt.jwks_url.empty()) {
            say_of("jwt.jwks_url", "give a file or a URL, not both");
        }
        if (!c_.jwt.jwks_url.empty() && !is_secure_url(c_.jwt.jwks_url)) {
            say_of("jwt.jwks_url", "must begin with https://");
        }
        for (const auto& word : c_.jwt.default_may) {
            if (word != "upload" && word != "read" && word != "delete" && word != "sign") {
                say_of("jwt.default_may", "takes upload, read, delete, sign");
            }
        }
    }

    void check_edge() {
        std::set<std::string> ids;
        for (const auto& key : c_.edge.signing_keys) {
            if (!is_key_id(key.id))
                say(key.where, "edge.signing_keys: id is 1 to 32 of A-Z a-z 0-9 _ -");
            if (!ids.insert(key.id).second)
                say(key.where, "edge.signing_keys: the id is there twice");
            if (key.secret.size() < 32)
                say(key.where, "edge.signing_keys: a secret has 32 bytes at least");
        }
    }

    void check_presets(const Policy& p, const std::string& where, const std::string& name) {
        const std::set<std::string_view> formats{"webp", "jpeg", "avif", "png"};
        for (const auto& preset : p.presets) {
            const auto transform = presets_.find(preset);
            if (!transform) {
                say(where, name + ".presets: there is no preset " + preset);
            } else if (transform->watermark.is_on && c_.imaging.watermark_file.empty()) {
                say(where, name + ".presets: " + preset + " needs imaging.watermark_file");
            }
        }
        for (const auto& format : p.preset_formats) {
            if (!formats.contains(format)) {
                say(where, name + ".preset_formats: takes webp, jpeg, avif, png, not " + format);
            }
        }
        if (p.preset_formats.empty() && !p.presets.empty()) {
            say(where, name + ".preset_formats: at least one is needed");
        }
        if (p.presets.size() * p.preset_formats.size() > kMaxPresetProducts) {
            say(where, name + ".presets: at most " + std::to_string(kMaxPresetProducts) +
                           " pictures, presets times formats");
        }
        if (p.verify == Verify::kHeader && p.thumbnails == Thumbnails::kFunction) {
            say(where, name + ".thumbnails: \"function\" needs verify = \"decode\"");
        }
    }

    void check_policy(const Policy& p, const std::string& where, const std::string& name) {
        for (const auto& type : p.allowed_types) {
            // In the one form in which it is compared later: no "image/jpg", no parameters.
            const auto format = imaging::format_of_content_type(type);
            if (!imaging::can_decode(format) ||
                (type != imaging::content_type_of(format) && type != "image/heif")) {
                say(where, name + ".allowed_types: " + type + " is not a type that Pixgate checks");
            }
        }
        if (p.allowed_types.empty()) say(where, name + ".allowed_types: at least one is needed");
        check_presets(p, where, name);
        for (const auto& key : p.metadata_keys) {
            if (!is_simple_name(key))
                say(where, name + ".metadata_keys: names are 1 to 32 of a-z 0-9 - _");
        }
    }

    void check_policies() {
        const auto at = [this](const std::string& setting) {
            const auto where = t_.where(setting);
            return where == "default" ? setting : where;
        };
        check_policy(c_.policy, at("policy.allowed_types"), "policy");
        std::set<std::string> names{c_.policy.name};
        for (const auto& p : c_.policies) {
            if (!is_simple_name(p.name)) say(p.where, "policies.name: 1 to 32 of a-z 0-9 - _");
            if (!names.insert(p.name).second) {
                say(p.where, "policies.name: " + p.name + " is there twice ([policy] is default)");
            }
            check_policy(p, p.where, "policies");
        }
    }

    // Attack 34: default or missing secrets that the whole network may try.
    void check_exposure() {
        const auto is_open = [](const std::string& listen) {
            const auto address = parse_listen(listen);
            return address && !is_loopback(address->host);
        };
        if ((c_.has_role("api") || c_.has_role("edge")) && is_open(c_.api.listen)) {
            if (c_.api.keys.empty() && !c_.jwt.is_used()) {
                say_of(
                    "api.listen",
                    c_.api.listen +
                        " can be reached from outside, but no [[api.keys]] and no [jwt] are set. "
                        "Run `pixgate keys create --role server` and put its lines into the "
                        "configuration, or listen on 127.0.0.1."
                );
            }
        }
        if (c_.has_role("store") && is_open(c_.store.listen)) {
            if (c_.store.access_key.empty() || is_weak_secret(c_.store.secret_key)) {
                say_of(
                    "store.listen",
                    c_.store.listen +
                        " can be reached from outside, but the store's credentials are missing or "
                        "weak. Set PIXGATE_STORE_ACCESS_KEY and PIXGATE_STORE_SECRET_KEY (16 "
                        "characters at least, such as `openssl rand -hex 20` prints), or listen on "
                        "127.0.0.1."
                );
            }
        }
    }

    const Config& c_;
    const SettingsTable& t_;
    const Presets presets_ = presets_of(c_);
    std::vector<SettingMistake> mistakes_;
};

}  // namespace

std::vector<SettingMistake> check_config(const Config& config, const SettingsTable& table) {
    return Checker(config, table).run();
}

}  // namespace pixgate
