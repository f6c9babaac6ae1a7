#include "roles/api/jwks.h"

#include <algorithm>
#include <optional>

#include "base/json_reader.h"

namespace pixgate::roles {

namespace {

constexpr std::size_t kMaxKeys = 100;

// The members of one JWK that we look at; all are texts.
struct Jwk {
    std::map<std::string, std::string, std::less<>> members;

    std::string_view get(std::string_view name) const {
        const auto it = members.find(name);
        return it == members.end() ? std::string_view() : std::string_view(it->second);
    }
};

Result<Jwk> read_jwk(JsonReader& json) {
    Jwk out;
    CHECK_OK(json.begin_object());
    for (;;) {
        TRY(const auto name, json.next_member());
        if (!name) return out;
        TRY(const auto kind, json.peek());
        if (kind == JsonReader::Kind::kString) {
            TRY(out.members[*name], json.string());
        } else {
            CHECK_OK(json.skip());
        }
    }
}

// nullopt for a key that is not for us.
std::optional<VerifyKey> key_of(const Jwk& jwk) {
    if (!jwk.get("use").empty() && jwk.get("use") != "sig") return std::nullopt;
    const auto type = jwk.get("kty");
    const auto algorithm = jwk.get("alg");
    const auto is_for = [&](std::string_view name) {
        return algorithm.empty() || algorithm == name;
    };
    Result<VerifyKey> key = fail(Errc::kUnsupportedMedia, "another kind of key");
    if (type == "RSA" && is_for("RS256")) {
        key = VerifyKey::from_rsa(jwk.get("n"), jwk.get("e"));
    } else if (type == "EC" && jwk.get("crv") == "P-256" && is_for("ES256")) {
        key = VerifyKey::from_p256(jwk.get("x"), jwk.get("y"));
    } else if (type == "OKP" && jwk.get("crv") == "Ed25519" && is_for("EdDSA")) {
        key = VerifyKey::from_ed25519(jwk.get("x"));
    }
    if (!key) return std::nullopt;
    return *std::move(key);
}

}  // namespace

Result<JwtAlgorithm> parse_algorithm(std::string_view name) {
    for (const auto algorithm :
         {JwtAlgorithm::kHs256, JwtAlgorithm::kRs256, JwtAlgorithm::kEs256, JwtAlgorithm::kEdDsa}) {
        if (name == name_of(algorithm)) return algorithm;
    }
    return fail(Errc::kInvalidArgument, "not an algorithm that is taken");
}

std::string_view name_of(JwtAlgorithm algorithm) {
    switch (algorithm) {
        case JwtAlgorithm::kHs256:
            return "HS256";
        case JwtAlgorithm::kRs256:
            return "RS256";
        case JwtAlgorithm::kEs256:
            return "ES256";
        case JwtAlgorithm::kEdDsa:
            return "EdDSA";
    }
    return "";
}

bool is_kid(std::string_view kid) {
    return !kid.empty() && kid.size() <= 128 && std::ranges::all_of(kid, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("-_.~+/=:").contains(c);
    });
}

Result<KeyTable> parse_jwks(std::string_view text) {
    if (text.size() > kMaxJwksBytes)
        return fail(Errc::kInvalidArgument, "the JWK set is too large");
    KeyTable out;
    JsonReader json(text);
    CHECK_OK(json.begin_object());
    for (;;) {
        TRY(const auto name, json.next_member());
        if (!name) break;
        if (*name != "keys") {
            CHECK_OK(json.skip());
            continue;
        }
        CHECK_OK(json.begin_array());
        for (std::size_t n = 0;; ++n) {
            TRY(const bool more, json.next_element());
            if (!more) break;
            if (n >= kMaxKeys) return fail(Errc::kInvalidArgument, "too many keys in the JWK set");
            TRY(const Jwk jwk, read_jwk(json));
            auto key = key_of(jwk);
            const auto kid = jwk.get("kid");
            if (key && (kid.empty() || is_kid(kid)))
                out.insert_or_assign(std::string(kid), *std::move(key));
        }
    }
    CHECK_OK(json.end());
    if (out.empty())
        return fail(Errc::kInvalidArgument, "the JWK set has no key that verifies signatures");
    return out;
}

}  // namespace pixgate::roles
