// Time, injected: everything that needs "now" takes a Clock. Wall-clock times are UTC milliseconds.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pixgate {

using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
public:
    virtual ~Clock() = default;
    virtual TimePoint now() const = 0;
    // For durations, leases and timeouts: never jumps.
    virtual std::chrono::steady_clock::time_point steady() const = 0;
};

class SystemClock : public Clock {
public:
    TimePoint now() const override;
    std::chrono::steady_clock::time_point steady() const override;
};

// Stands still until a test moves it; moves both clocks together.
class ManualClock : public Clock {
public:
    explicit ManualClock(TimePoint start) : ms_(start.time_since_epoch().count()) {}
    TimePoint now() const override;
    std::chrono::steady_clock::time_point steady() const override;
    void advance(std::chrono::milliseconds by) { ms_ += by.count(); }
    void set(TimePoint t) { ms_ = t.time_since_epoch().count(); }

private:
    std::atomic<std::int64_t> ms_;
};

// "2026-01-15T09:30:00.123Z" (RFC 3339, UTC, always three decimals).
std::string format_rfc3339(TimePoint t);
Result<TimePoint> parse_rfc3339(std::string_view text);

// "20260115T093000Z", the form of X-Amz-Date.
std::string format_iso_basic(TimePoint t);
Result<TimePoint> parse_iso_basic(std::string_view text);

// "Thu, 15 Jan 2026 09:30:00 GMT" (IMF-fixdate of RFC 9110).
std::string format_http_date(TimePoint t);
// IMF-fixdate only; the two obsolete forms are an error, which callers treat as "no such header".
Result<TimePoint> parse_http_date(std::string_view text);

}  // namespace pixgate
