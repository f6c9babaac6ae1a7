// Signatures on delivery URLs: "?exp=1767225600&kid=k1&sig=…" over path and expiry (HMAC-SHA256,
// base64url). They open private pictures and sizes that are not on the list.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace pixgate {

class EdgeSigner {
public:
    // id ([A-Za-z0-9_-]{1,32}) -> secret (32 bytes at least). New signatures use `current`; all
    // verify.
    EdgeSigner(std::map<std::string, std::string> keys, std::string current);

    // "/i/{id}/w640" -> "/i/{id}/w640?exp=…&kid=…&sig=…". exp is rounded up to 5 minutes, so that
    // the same URL stays cacheable.
    std::string sign(std::string_view path, TimePoint expires) const;

    // kPermissionDenied for a wrong, cut, doubled or expired signature and for unknown keys: one
    // answer for all. `query` is the raw query. Without any of exp, kid, sig: false, not signed.
    Result<bool> verify(std::string_view path, std::string_view query, TimePoint now) const;

private:
    std::map<std::string, std::string> keys_;
    std::string current_;
};

}  // namespace pixgate
