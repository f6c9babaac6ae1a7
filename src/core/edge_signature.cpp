#include "core/edge_signature.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/crypto.h"

namespace pixgate {

namespace {

struct Scope {
    std::string_view name;
    SignedFor opens;
};
constexpr std::array kScopes{
    Scope{"image", SignedFor::kImage}, Scope{"listed", SignedFor::kListed}
};

// `exp` and `scope` empty where there is none. No path begins with a letter, so the text of a
// family is never that of a URL.
std::string signed_text(
    std::string_view path, std::string_view exp, std::string_view kid, std::string_view scope
) {
    if (scope.empty()) return fmt::format("{}\n{}\n{}", path, exp, kid);
    return fmt::format("scope={}\n{}\n{}\n{}", scope, path, exp, kid);
}

std::string signature(const std::string& secret, const std::string& text) {
    return base64url_encode(hmac_sha256(as_bytes(secret), as_bytes(text)));
}

// "/i/{id}/w640" -> "/i/{id}/*"; nullopt for other paths.
std::optional<std::string> family_of(std::string_view path) {
    constexpr std::string_view kPrefix = "/i/";
    if (!path.starts_with(kPrefix)) return std::nullopt;
    const auto end = path.find('/', kPrefix.size());
    if (end == path.npos || end == kPrefix.size()) return std::nullopt;
    return std::string(path.substr(0, end + 1)) + '*';
}

std::unexpected<Error> denied(const char* why) {
    return fail(Errc::kPermissionDenied, why);
}

struct Given {
    std::optional<std::string_view> exp, kid, scope, sig;
};

Result<Given> read_query(std::string_view query) {
    Given out;
    const std::array<std::pair<std::string_view, std::optional<std::string_view>*>, 4> known{
        {{"exp", &out.exp}, {"kid", &out.kid}, {"scope", &out.scope}, {"sig", &out.sig}}
    };
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto item = query.substr(0, end);
        const auto name = item.substr(0, item.find('='));
        for (const auto& [wanted, target] : known) {
            if (name != wanted) continue;
            if (*target) return denied("signature given twice");
            *target = item.size() > name.size() ? item.substr(name.size() + 1) : std::string_view();
        }
        query = end == query.npos ? std::string_view() : query.substr(end + 1);
    }
    return out;
}

}  // namespace

EdgeSigner::EdgeSigner(std::map<std::string, std::string> keys, std::string current, Rules rules)
    : keys_(std::move(keys)), current_(std::move(current)), rules_(rules) {}

TimePoint EdgeSigner::rounded(TimePoint expires) const {
    const auto window = std::max<std::int64_t>(1, rules_.window.count());
    const auto s = std::chrono::ceil<std::chrono::seconds>(expires).time_since_epoch().count();
    return TimePoint(std::chrono::seconds((s + window - 1) / window * window));
}

std::string EdgeSigner::expiry_text(Expiry expires) const {
    if (!expires) return {};
    const auto since = rounded(*expires).time_since_epoch();
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

std::string EdgeSigner::sign(std::string_view path, Expiry expires) const {
    const std::string exp = expiry_text(expires);
    const auto sig = signature(keys_.at(current_), signed_text(path, exp, current_, {}));
    const std::string end = expires ? "exp=" + exp + "&" : "";
    return fmt::format("{}?{}kid={}&sig={}", path, end, current_, sig);
}

std::string EdgeSigner::sign_family(std::string_view image_id, SignedFor scope, Expiry expires)
    const {
    const std::string exp = expiry_text(expires);
    const std::string_view name = scope == SignedFor::kImage ? "image" : "listed";
    const auto text = signed_text(fmt::format("/i/{}/*", image_id), exp, current_, name);
    const std::string end = expires ? "exp=" + exp + "&" : "";
    const auto sig = signature(keys_.at(current_), text);
    return fmt::format("{}kid={}&scope={}&sig={}", end, current_, name, sig);
}

Result<SignedFor> EdgeSigner::verify(std::string_view path, std::string_view query, TimePoint now)
    const {
    TRY(const Given given, read_query(query));
    if (!given.exp && !given.kid && !given.scope && !given.sig) return SignedFor::kNothing;
    if (!given.kid || !given.sig) return denied("kid and sig belong together");
    if (!given.exp && !rules_.may_be_endless) return denied("no exp");
    SignedFor opens = SignedFor::kUrl;
    std::string what(path);
    if (given.scope) {
        const auto scope = std::ranges::find(kScopes, *given.scope, &Scope::name);
        const auto family = family_of(path);
        if (scope == kScopes.end() || !family) return denied("unknown scope");
        opens = scope->opens;
        what = *family;
    }
    std::int64_t exp = 0;
    if (given.exp) {
        const auto text = *given.exp;
        const auto [rest, ec] = std::from_chars(text.data(), text.data() + text.size(), exp);
        if (ec != std::errc() || rest != text.data() + text.size()) return denied("bad exp");
    }
    const auto key = keys_.find(std::string(*given.kid));
    if (key == keys_.end()) return denied("unknown key");
    const auto text =
        signed_text(what, given.exp.value_or(""), *given.kid, given.scope.value_or(""));
    if (!constant_time_equal(signature(key->second, text), *given.sig)) {
        return denied("wrong signature");
    }
    // In seconds: milliseconds of an end that is far enough off do not fit.
    const auto now_s = std::chrono::ceil<std::chrono::seconds>(now.time_since_epoch()).count();
    if (given.exp && now_s > exp) return denied("expired");
    return opens;
}

}  // namespace pixgate
