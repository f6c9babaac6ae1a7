// Error -> HTTP answer, the one table. Problem details (RFC 9457) with a stable `code`.
#pragma once

#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace pixgate {

unsigned http_status_of(Errc code);

// {"type":"about:blank","title":…,"status":…,"code":…,"detail":…,"request_id":…}. `code` is
// Error::reason where it has one that is not a field name, else the code's name; `field` names the
// part of the request that is wrong. kInternal and kReadOnly tell nothing of the inside. 429 and
// 503 carry Retry-After.
http::Response problem_response(const Error& error, std::string_view request_id);

}  // namespace pixgate
