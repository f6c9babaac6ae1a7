// Error -> HTTP answer, the one table. Problem details (RFC 9457) with a stable `code`.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace pixgate {

unsigned http_status_of(Errc code);
// The same, except that a caller over a limit of his own (rate, open uploads, open streams) is told
// 429.
unsigned http_status_of(const Error& error);

// {"type":"about:blank","title":…,"status":…,"detail":…,"code":…,"field":…,"request_id":…}. `code`
// is Error::reason where it has one that is not a field name, else the code's name; `field` names
// the part of the request that is wrong. What is not the client's doing tells nothing of the
// inside. 429 and 503 carry Retry-After, 401 WWW-Authenticate. `status` replaces the table's.
http::Response problem_response(
    const Error& error, std::string_view request_id, std::optional<unsigned> status = std::nullopt
);

}  // namespace pixgate
