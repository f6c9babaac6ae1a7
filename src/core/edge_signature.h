// Signatures on delivery URLs: "?exp=1767225600&kid=k1&sig=…" (HMAC-SHA256, base64url). They open
// private pictures and transforms that are not free. Forms of them:
//   of one URL      over its path, exactly as it is sent
//   of a family     "&scope=image" or "&scope=listed": over the image alone, for every transform of
//                   it, or for those that are free for public pictures
//   without an end  no exp; only where that is switched on
// Each signs another text, so that none becomes another by adding or leaving out a parameter.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace pixgate {

// What a signature opens.
enum class SignedFor : std::uint8_t {
    kNothing,  // there is none
    kListed,   // the picture, in what is free
    kUrl,      // this URL
    kImage,    // the picture, in any transform
};

class EdgeSigner {
public:
    struct Rules {
        // exp is rounded up to a multiple of it, so that the same URL stays cacheable.
        std::chrono::seconds window{300};
        bool may_be_endless = false;  // accepts signatures without exp
    };
    // id ([A-Za-z0-9_-]{1,32}) -> secret (32 bytes at least). New signatures use `current`; all
    // verify.
    EdgeSigner(std::map<std::string, std::string> keys, std::string current, Rules rules);
    EdgeSigner(std::map<std::string, std::string> keys, std::string current)
        : EdgeSigner(std::move(keys), std::move(current), Rules{}) {}

    // Without `expires`: for ever, where rules().may_be_endless.
    using Expiry = std::optional<TimePoint>;
    // "/i/{id}/w640" -> "/i/{id}/w640?exp=…&kid=…&sig=…".
    std::string sign(std::string_view path, Expiry expires) const;
    // The query for any "/i/{id}/…": "exp=…&kid=…&scope=image&sig=…". kImage or kListed.
    std::string sign_family(std::string_view image_id, SignedFor scope, Expiry expires) const;
    // The end as it stands in the URL.
    TimePoint rounded(TimePoint expires) const;

    // kPermissionDenied for a wrong, cut, doubled or expired signature, for unknown keys and
    // scopes: one answer for all. `path` as it was sent; `query` is the raw query. Without any of
    // exp, kid, scope, sig: kNothing. A family is known by "/i/{id}/" alone: on other paths there
    // is none.
    Result<SignedFor> verify(std::string_view path, std::string_view query, TimePoint now) const;

    const Rules& rules() const { return rules_; }

private:
    std::string expiry_text(Expiry expires) const;

    std::map<std::string, std::string> keys_;
    std::string current_;
    Rules rules_;
};

}  // namespace pixgate
