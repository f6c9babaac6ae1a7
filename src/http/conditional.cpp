#include "http/conditional.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/encoding.h"

namespace pixgate::http {

namespace {

// One entity tag off the front of a list: `W/"a"`, `"a,b"` or a bare word.
struct Tag {
    bool is_weak = false;
    std::string_view opaque;  // without quotes
};

std::optional<Tag> take_tag(std::string_view& list) {
    const auto begin = list.find_first_not_of(" \t,");
    if (begin == list.npos) return std::nullopt;
    list.remove_prefix(begin);
    Tag tag;
    if (list.starts_with("W/\"")) {
        tag.is_weak = true;
        list.remove_prefix(2);
    }
    if (list.starts_with('"')) {
        const auto end = list.find('"', 1);
        if (end == list.npos) return std::nullopt;
        tag.opaque = list.substr(1, end - 1);
        list.remove_prefix(end + 1);
    } else {
        tag.opaque = list.substr(0, list.find_first_of(" \t,\""));
        list.remove_prefix(tag.opaque.size());
    }
    // Tags stand apart; what follows garbage is garbage.
    const auto next = list.find_first_not_of(" \t");
    if (next != list.npos && list[next] != ',') return std::nullopt;
    return tag;
}

bool are_equal(const Tag& a, const Tag& b, bool strong) {
    return a.opaque == b.opaque && !(strong && (a.is_weak || b.is_weak));
}

bool any_matches(const Fields& fields, std::string_view name, std::string_view etag, bool strong) {
    return std::ranges::any_of(fields, [&](const Fields::Field& field) {
        return equal_ignoring_case(field.name, name) && etag_matches(field.value, etag, strong);
    });
}

std::optional<TimePoint> date_of(const Fields& fields, std::string_view name) {
    if (fields.count(name) != 1) return std::nullopt;
    const auto date = parse_http_date(fields.get(name));
    return date ? std::optional(*date) : std::nullopt;
}

// HTTP dates have whole seconds.
TimePoint to_second(TimePoint t) {
    return std::chrono::floor<std::chrono::seconds>(t);
}

// Digits only; numbers beyond 64 bits count as the largest.
std::optional<std::uint64_t> parse_position(std::string_view text) {
    constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
    if (text.empty()) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        value = value > (kMax - digit) / 10 ? kMax : value * 10 + digit;
    }
    return value;
}

bool is_same_version(
    std::string_view if_range,
    std::string_view etag,
    std::optional<TimePoint> last_modified,
    std::optional<TimePoint> now
) {
    if (if_range.starts_with('"') || if_range.starts_with("W/")) {
        const auto a = take_tag(if_range);
        const auto b = take_tag(etag);
        return a && b && are_equal(*a, *b, true) && trim(if_range).empty();
    }
    const auto date = parse_http_date(if_range);
    return date && last_modified && now && to_second(*last_modified) == *date &&
           to_second(*now) - *date >= std::chrono::seconds(1);
}

}  // namespace

bool etag_matches(std::string_view list, std::string_view etag, bool strong) {
    if (trim(list) == "*") return true;
    const auto own = take_tag(etag);
    if (!own) return false;
    while (const auto tag = take_tag(list)) {
        if (are_equal(*tag, *own, strong)) return true;
    }
    return false;
}

Precondition evaluate(
    const Fields& fields,
    std::string_view method,
    bool exists,
    std::string_view etag,
    std::optional<TimePoint> last_modified
) {
    const bool is_read = method == "GET" || method == "HEAD";
    if (fields.has("If-Match")) {
        if (!exists || !any_matches(fields, "If-Match", etag, true)) return Precondition::kFailed;
    } else if (const auto date = date_of(fields, "If-Unmodified-Since");
               date && exists && last_modified) {
        if (to_second(*last_modified) > *date) return Precondition::kFailed;
    }
    if (!exists) return Precondition::kProceed;
    if (fields.has("If-None-Match")) {
        if (!any_matches(fields, "If-None-Match", etag, false)) return Precondition::kProceed;
        return is_read ? Precondition::kNotModified : Precondition::kFailed;
    }
    if (const auto date = date_of(fields, "If-Modified-Since"); date && is_read && last_modified) {
        if (to_second(*last_modified) <= *date) return Precondition::kNotModified;
    }
    return Precondition::kProceed;
}

RangeAnswer resolve_range(std::string_view range, std::uint64_t size) {
    constexpr RangeAnswer kUnsatisfiable{.kind = RangeKind::kUnsatisfiable, .range = {}};
    const auto equals = range.find('=');
    if (equals == range.npos || !equal_ignoring_case(range.substr(0, equals), "bytes")) return {};
    const auto spec = trim(range.substr(equals + 1));
    const auto dash = spec.find('-');
    if (dash == spec.npos || spec.find(',') != spec.npos) return {};
    const auto first = parse_position(spec.substr(0, dash));
    const auto last = parse_position(spec.substr(dash + 1));
    if (dash == 0) {
        if (!last) return {};
        if (*last == 0 || size == 0) return kUnsatisfiable;
        const auto n = std::min(*last, size);
        return {.kind = RangeKind::kPart, .range = {size - n, n}};
    }
    const bool is_open = dash + 1 == spec.size();
    if (!first || (!is_open && (!last || *last < *first))) return {};
    if (*first >= size) return kUnsatisfiable;
    const auto end = is_open ? size - 1 : std::min(*last, size - 1);
    return {.kind = RangeKind::kPart, .range = {*first, end - *first + 1}};
}

RangeAnswer resolve_range(
    const Fields& fields,
    std::uint64_t size,
    std::string_view etag,
    std::optional<TimePoint> last_modified,
    std::optional<TimePoint> now
) {
    if (fields.count("Range") != 1) return {};
    if (fields.has("If-Range") &&
        (fields.count("If-Range") > 1 ||
         !is_same_version(fields.get("If-Range"), etag, last_modified, now))) {
        return {};
    }
    return resolve_range(fields.get("Range"), size);
}

std::string content_range(ByteRange range, std::uint64_t size) {
    return fmt::format("bytes {}-{}/{}", range.offset, range.offset + range.length - 1, size);
}

}  // namespace pixgate::http
