#include "core/edge_signature.h"

#include <fmt/format.h>

#include <charconv>

#include "base/crypto.h"

namespace pixgate {

namespace {

std::string signature(
    const std::string& secret, std::string_view path, std::int64_t exp, std::string_view kid
) {
    const std::string text = fmt::format("{}\n{}\n{}", path, exp, kid);
    return base64url_encode(hmac_sha256(as_bytes(secret), as_bytes(text)));
}

}  // namespace

EdgeSigner::EdgeSigner(std::map<std::string, std::string> keys, std::string current)
    : keys_(std::move(keys)), current_(std::move(current)) {}

std::string EdgeSigner::sign(std::string_view path, TimePoint expires) const {
    constexpr std::int64_t kWindow = 300;
    const auto s = std::chrono::ceil<std::chrono::seconds>(expires).time_since_epoch().count();
    const std::int64_t exp = (s + kWindow - 1) / kWindow * kWindow;
    const std::string& secret = keys_.at(current_);
    return fmt::format(
        "{}?exp={}&kid={}&sig={}", path, exp, current_, signature(secret, path, exp, current_)
    );
}

Result<bool> EdgeSigner::verify(std::string_view path, std::string_view query, TimePoint now)
    const {
    const auto denied = [](const char* why) { return fail(Errc::kPermissionDenied, why); };
    std::map<std::string_view, std::string_view> found;
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto item = query.substr(0, end);
        const auto name = item.substr(0, item.find('='));
        if (name == "exp" || name == "kid" || name == "sig") {
            const auto value =
                item.size() > name.size() ? item.substr(name.size() + 1) : std::string_view();
            if (!found.emplace(name, value).second) return denied("signature given twice");
        }
        query = end == query.npos ? std::string_view() : query.substr(end + 1);
    }
    if (found.empty()) return false;
    if (found.size() != 3) return denied("exp, kid and sig belong together");
    std::int64_t exp = 0;
    const auto text = found["exp"];
    const auto [rest, ec] = std::from_chars(text.data(), text.data() + text.size(), exp);
    if (ec != std::errc() || rest != text.data() + text.size()) return denied("bad exp");
    const auto key = keys_.find(std::string(found["kid"]));
    if (key == keys_.end()) return denied("unknown key");
    if (!constant_time_equal(signature(key->second, path, exp, found["kid"]), found["sig"])) {
        return denied("wrong signature");
    }
    if (now.time_since_epoch() > std::chrono::seconds(exp)) return denied("expired");
    return true;
}

}  // namespace pixgate
