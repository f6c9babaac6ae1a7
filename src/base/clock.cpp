#include "base/clock.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace pixgate {

using namespace std::chrono;

TimePoint SystemClock::now() const {
    return time_point_cast<milliseconds>(system_clock::now());
}
steady_clock::time_point SystemClock::steady() const {
    return steady_clock::now();
}
TimePoint ManualClock::now() const {
    return TimePoint(milliseconds(ms_.load()));
}
steady_clock::time_point ManualClock::steady() const {
    return steady_clock::time_point(milliseconds(ms_.load()));
}

namespace {

struct Parts {
    int year, month, day, hour, minute, second, millisecond;
    unsigned weekday;  // 0 = Sunday
};

Parts split(TimePoint t) {
    const auto d = floor<days>(t);
    const year_month_day ymd(d);
    const hh_mm_ss time(t - d);
    return {
        int(ymd.year()),
        static_cast<int>(unsigned(ymd.month())),
        static_cast<int>(unsigned(ymd.day())),
        static_cast<int>(time.hours().count()),
        static_cast<int>(time.minutes().count()),
        static_cast<int>(time.seconds().count()),
        static_cast<int>(time.subseconds().count()),
        weekday(d).c_encoding()
    };
}

// Digits text[pos, pos+n) as a number.
std::optional<int> digits(std::string_view text, std::size_t pos, std::size_t n) {
    if (pos + n > text.size()) return std::nullopt;
    int value = 0;
    for (std::size_t i = pos; i < pos + n; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

Result<TimePoint> join(
    std::optional<int> y,
    std::optional<int> mo,
    std::optional<int> d,
    std::optional<int> h,
    std::optional<int> mi,
    std::optional<int> s,
    int ms
) {
    if (!y || !mo || !d || !h || !mi || !s) return fail(Errc::kInvalidArgument, "not a date");
    const year_month_day ymd(
        year(*y), month(static_cast<unsigned>(*mo)), day(static_cast<unsigned>(*d))
    );
    if (!ymd.ok() || *h > 23 || *mi > 59 || *s > 60) {
        return fail(Errc::kInvalidArgument, "no such date");
    }
    return TimePoint(sys_days(ymd)) + hours(*h) + minutes(*mi) + seconds(*s) + milliseconds(ms);
}

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

}  // namespace

std::string format_rfc3339(TimePoint t) {
    const Parts p = split(t);
    return fmt::format(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", p.year, p.month, p.day, p.hour, p.minute,
        p.second, p.millisecond
    );
}

Result<TimePoint> parse_rfc3339(std::string_view text) {
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
        text[13] != ':' || text[16] != ':') {
        return fail(Errc::kInvalidArgument, "not an RFC 3339 time");
    }
    std::size_t pos = 19;
    int ms = 0;
    if (text[pos] == '.') {
        std::size_t n = 0;
        for (++pos; pos < text.size() && text[pos] >= '0' && text[pos] <= '9'; ++pos, ++n) {
            if (n < 3) ms = ms * 10 + (text[pos] - '0');
        }
        if (n == 0) return fail(Errc::kInvalidArgument, "not an RFC 3339 time");
        for (; n < 3; ++n) ms *= 10;
    }
    if (text.substr(pos) != "Z") return fail(Errc::kInvalidArgument, "not a UTC time");
    return join(
        digits(text, 0, 4), digits(text, 5, 2), digits(text, 8, 2), digits(text, 11, 2),
        digits(text, 14, 2), digits(text, 17, 2), ms
    );
}

std::string format_iso_basic(TimePoint t) {
    const Parts p = split(t);
    return fmt::format(
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z", p.year, p.month, p.day, p.hour, p.minute, p.second
    );
}

Result<TimePoint> parse_iso_basic(std::string_view text) {
    if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') {
        return fail(Errc::kInvalidArgument, "not a time of the form 20260115T093000Z");
    }
    return join(
        digits(text, 0, 4), digits(text, 4, 2), digits(text, 6, 2), digits(text, 9, 2),
        digits(text, 11, 2), digits(text, 13, 2), 0
    );
}

std::string format_http_date(TimePoint t) {
    const Parts p = split(t);
    return fmt::format(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[p.weekday], p.day,
        kMonths[static_cast<std::size_t>(p.month - 1)], p.year, p.hour, p.minute, p.second
    );
}

Result<TimePoint> parse_http_date(std::string_view text) {
    if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT" ||
        text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' ||
        text[22] != ':') {
        return fail(Errc::kInvalidArgument, "not an HTTP date");
    }
    std::optional<int> month;
    for (std::size_t i = 0; i < kMonths.size(); ++i) {
        if (kMonths[i] == text.substr(8, 3)) month = static_cast<int>(i + 1);
    }
    return join(
        digits(text, 12, 4), month, digits(text, 5, 2), digits(text, 17, 2), digits(text, 20, 2),
        digits(text, 23, 2), 0
    );
}

}  // namespace pixgate
