#include "roles/api/authenticate.h"

namespace pixgate::roles {

namespace {

std::unexpected<Error> refuse(const char* why) {
    return fail(Errc::kUnauthenticated, why);
}

Result<std::string_view> bearer_of(const http::Request& request) {
    // Attack 27: two of them, one for us and one for whoever looks before us.
    if (request.fields.count("Authorization") != 1)
        return refuse("one Authorization field is needed");
    const std::string_view value = request.fields.get("Authorization");
    const auto space = value.find(' ');
    if (space == value.npos || !equal_ignoring_case(value.substr(0, space), "Bearer")) {
        return refuse("not a Bearer credential");
    }
    const auto token = trim(value.substr(space + 1));
    if (token.empty() || token.size() > kMaxTokenBytes)
        return refuse("the credential is empty or too long");
    return token;
}

}  // namespace

ApiKey make_api_key_entry(std::string id, Role role, std::string_view key, std::string owner) {
    return ApiKey{std::move(id), role, sha256(as_bytes(key)), std::move(owner)};
}

Authenticator::Authenticator(
    std::vector<ApiKey> keys, JwtRules rules, KeySource* tokens, const Clock& clock
)
    : keys_(std::move(keys)), rules_(std::move(rules)), tokens_(tokens), clock_(clock) {}

Task<Result<Caller>> Authenticator::authenticate(const http::Request& request) {
    const auto token = bearer_of(request);
    if (!token) co_return std::unexpected(token.error());
    if (looks_like_jwt(*token)) co_return co_await by_token(*token);
    co_return by_key(*token);
}

Result<Caller> Authenticator::by_key(std::string_view key) const {
    const Sha256 hash = sha256(as_bytes(key));
    // All are compared, each in constant time: the time says nothing of which was near.
    const ApiKey* found = nullptr;
    for (const ApiKey& known : keys_) {
        if (constant_time_equal(as_text(known.hash), as_text(hash))) found = &known;
    }
    if (found == nullptr) return refuse("unknown key");
    Caller caller;
    caller.role = found->role;
    caller.id = "key:" + found->id;
    caller.owner = found->owner;
    caller.may_sign = found->may_sign;
    return caller;
}

Task<Result<Caller>> Authenticator::by_token(std::string_view text) {
    if (tokens_ == nullptr) co_return refuse("tokens are not taken here");
    const auto token = parse_token(text);
    if (!token) co_return std::unexpected(token.error());
    auto keys = tokens_->keys();
    const VerifyKey* key = find_key(*keys, token->kid);
    if (key == nullptr && co_await tokens_->refresh_for_unknown()) {
        keys = tokens_->keys();
        key = find_key(*keys, token->kid);
    }
    if (key == nullptr) co_return refuse("token: unknown key");
    co_return verify_token(*token, *key, rules_, clock_.now());
}

}  // namespace pixgate::roles
