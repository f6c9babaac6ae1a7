#include "roles/api/jwt.h"

#include <algorithm>

#include "base/json_reader.h"
#include "core/upload.h"

namespace pixgate::roles {

namespace {

std::unexpected<Error> refuse(std::string why) {
    return fail(Errc::kUnauthenticated, "token: " + std::move(why));
}

Result<void> read_header(std::string_view text, ParsedToken& out) {
    JsonReader json(text);
    CHECK_OK(json.begin_object());
    for (;;) {
        TRY(const auto name, json.next_member());
        if (!name) return json.end();
        if (*name == "alg") {
            TRY(out.algorithm, json.string());
        } else if (*name == "kid") {
            TRY(out.kid, json.string());
            if (!is_kid(out.kid)) return refuse("kid");
        } else if (*name == "typ") {
            // RFC 8725 section 3.11: tokens made for something else (logout, DPoP) are not ours.
            TRY(const std::string type, json.string());
            if (const auto lower = to_lower(type); lower != "jwt" && lower != "at+jwt")
                return refuse("typ");
        } else if (*name == "crit" || *name == "jku" || *name == "x5u" || *name == "jwk") {
            return refuse("the header member " + *name + " is not taken");
        } else {
            CHECK_OK(json.skip());
        }
    }
}

struct Claims {
    std::optional<std::string> issuer;
    std::vector<std::string> audience;
    std::optional<std::int64_t> expires;
    std::optional<std::int64_t> not_before;
    std::optional<std::string> subject;
    std::optional<std::string> owner;
    std::optional<std::vector<std::string>> may;
};

Result<std::vector<std::string>> read_texts(JsonReader& json) {
    std::vector<std::string> out;
    CHECK_OK(json.begin_array());
    for (;;) {
        TRY(const bool more, json.next_element());
        if (!more) return out;
        TRY(out.emplace_back(), json.string());
    }
}

// {"may": ["upload", "read", "delete", "sign"]}
Result<void> read_abilities(JsonReader& json, Claims& out) {
    CHECK_OK(json.begin_object());
    for (;;) {
        TRY(const auto name, json.next_member());
        if (!name) return {};
        if (*name == "may") {
            TRY(out.may, read_texts(json));
        } else {
            CHECK_OK(json.skip());
        }
    }
}

Result<void> read_claim(
    JsonReader& json, const std::string& name, const std::string& owner_claim, Claims& out
) {
    TRY(const auto kind, json.peek());
    const bool is_text = kind == JsonReader::Kind::kString;
    if (name == owner_claim && name != "sub") {
        TRY(out.owner, json.string());
    } else if (name == "iss") {
        TRY(out.issuer, json.string());
    } else if (name == "sub") {
        TRY(out.subject, json.string());
    } else if (name == "aud" && is_text) {
        TRY(out.audience.emplace_back(), json.string());
    } else if (name == "aud") {
        TRY(out.audience, read_texts(json));
    } else if (name == "exp") {
        TRY(out.expires, json.integer());
    } else if (name == "nbf") {
        TRY(out.not_before, json.integer());
    } else if (name == "pixgate") {
        CHECK_OK(read_abilities(json, out));
    } else {
        CHECK_OK(json.skip());
    }
    return {};
}

Result<Claims> read_claims(std::string_view text, const std::string& owner_claim) {
    Claims out;
    JsonReader json(text);
    CHECK_OK(json.begin_object());
    for (;;) {
        TRY(const auto name, json.next_member());
        if (!name) break;
        CHECK_OK(read_claim(json, *name, owner_claim, out));
    }
    CHECK_OK(json.end());
    if (owner_claim == "sub") out.owner = out.subject;
    return out;
}

Result<void> check_times(const Claims& claims, std::chrono::seconds leeway, TimePoint now) {
    const auto now_s = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    // Times outside the range of any clock would overflow below.
    constexpr std::int64_t kLast = 253'402'300'799;  // the end of year 9999
    if (!claims.expires) return refuse("exp is missing");
    if (*claims.expires < 0 || *claims.expires > kLast) return refuse("exp");
    if (*claims.expires + leeway.count() <= now_s) return refuse("expired");
    if (!claims.not_before) return {};
    if (*claims.not_before < 0 || *claims.not_before > kLast) return refuse("nbf");
    if (*claims.not_before - leeway.count() > now_s) return refuse("not valid yet");
    return {};
}

}  // namespace

bool looks_like_jwt(std::string_view token) {
    return std::ranges::count(token, '.') == 2;
}

Result<ParsedToken> parse_token(std::string_view token) {
    if (token.size() > kMaxTokenBytes) return refuse("too long");
    if (!looks_like_jwt(token)) return refuse("not three parts");
    const auto first = token.find('.');
    const auto second = token.find('.', first + 1);
    const auto header = base64url_decode(token.substr(0, first));
    const auto claims = base64url_decode(token.substr(first + 1, second - first - 1));
    auto signature = base64url_decode(token.substr(second + 1));
    if (!header || !claims || !signature) return refuse("not base64url");
    ParsedToken out;
    if (const auto read = read_header(as_text(*header), out); !read)
        return refuse(read.error().message);
    if (out.algorithm.empty()) return refuse("alg is missing");
    out.claims = as_text(*claims);
    out.signed_text = token.substr(0, second);
    out.signature = *std::move(signature);
    return out;
}

const VerifyKey* find_key(const KeyTable& keys, const std::string& kid) {
    if (kid.empty()) return keys.size() == 1 ? &keys.begin()->second : nullptr;
    const auto found = keys.find(kid);
    return found == keys.end() ? nullptr : &found->second;
}

Result<Caller> verify_token(
    const ParsedToken& token, const VerifyKey& key, const JwtRules& rules, TimePoint now
) {
    if (token.algorithm != name_of(key.algorithm())) return refuse("alg is not the key's");
    if (!key.verify(as_bytes(token.signed_text), token.signature)) return refuse("wrong signature");

    const auto claims = read_claims(token.claims, rules.owner_claim);
    if (!claims) return refuse(claims.error().message);
    if (claims->issuer != rules.issuer) return refuse("iss");
    if (std::ranges::find(claims->audience, rules.audience) == claims->audience.end())
        return refuse("aud");
    CHECK_OK(check_times(*claims, rules.leeway, now));
    if (!claims->owner || !is_owner(*claims->owner)) return refuse("no owner");

    const auto& may = claims->may ? *claims->may : rules.default_may;
    const auto can = [&may](std::string_view what) {
        return std::ranges::find(may, what) != may.end();
    };
    Caller caller;
    caller.role = Role::kClient;
    caller.owner = *claims->owner;
    caller.id = "jwt:" + caller.owner;
    caller.may_upload = can("upload");
    caller.may_read = can("read");
    caller.may_delete = can("delete");
    caller.may_sign = can("sign");
    return caller;
}

}  // namespace pixgate::roles
