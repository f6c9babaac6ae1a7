// Preconditions (RFC 9110 section 13.2.2) and byte ranges (section 14). Pure functions, used by the
// edge and by the store alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/message.h"

namespace pixgate::http {

enum class Precondition : std::uint8_t { kProceed, kNotModified, kFailed };

// etag with its quotes, "\"x1\"" or "W/\"x1\""; exists false: only `*` and If-Match matter.
Precondition evaluate(
    const Fields& fields,
    std::string_view method,
    bool exists,
    std::string_view etag,
    std::optional<TimePoint> last_modified
);

// True where `etag` is in the list of an If-Match / If-None-Match value, or it is `*`. Tags without
// quotes are taken too, as S3's clients send them.
bool etag_matches(std::string_view list, std::string_view etag, bool strong);

struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
enum class RangeKind : std::uint8_t { kWhole, kPart, kUnsatisfiable };
struct RangeAnswer {
    RangeKind kind = RangeKind::kWhole;
    ByteRange range;
};
// The Range field against a body of `size` bytes. Malformed, foreign units and several ranges:
// kWhole.
RangeAnswer resolve_range(std::string_view range, std::uint64_t size);
// The same for a GET (HEAD has no ranges), with If-Range taken into account. A date in If-Range
// counts only where `now` is given and last_modified is a second or more before it: else it may
// name two versions (RFC 9110 section 8.8.2.2).
RangeAnswer resolve_range(
    const Fields& fields,
    std::uint64_t size,
    std::string_view etag,
    std::optional<TimePoint> last_modified,
    std::optional<TimePoint> now = std::nullopt
);
std::string content_range(ByteRange range, std::uint64_t size);  // "bytes 0-99/1234"

}  // namespace pixgate::http
