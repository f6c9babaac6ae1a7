// Says what the alert log holds: groups by kind and cause, the first at once, then a digest per
// interval; survives restart because the log does. Run by roles/sweeper in a loop of its own.
//
// At least once: an alert is marked after it was said, so a crash in between says it again, in a
// digest whose id begins with the same number. While the channel fails, rounds come with backoff
// (1 s to 5 min with jitter, and never before what the channel asks for), and what piles up is one
// digest when it is back. A permanent refusal turns the channel off until restart; a log line each
// hour says so and how much waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "ports/alerts.h"

namespace pixgate {

class TellAlerts {
public:
    TellAlerts(
        AlertLog& log, AlertChannel& channel, const Clock& clock, std::chrono::seconds interval
    );

    // One round: post what is pending, if it is time. Returns how long to wait before the next
    // round. What the channel does wrong is no error here.
    //   errors  of the alert log
    Task<Result<std::chrono::milliseconds>> run();

    bool is_off() const { return is_off_; }

private:
    Task<Result<std::vector<Alert>>> unsaid();
    std::chrono::milliseconds after_failure(const Error& error, std::chrono::seconds retry_after);

    AlertLog& log_;
    AlertChannel& channel_;
    const Clock& clock_;
    std::chrono::seconds interval_;
    std::chrono::steady_clock::time_point next_post_{};
    std::uint32_t failures_ = 0;   // in a row
    std::int64_t said_up_to_ = 0;  // said by this process, maybe not marked yet
    bool is_off_ = false;
};

// Groups in order of first appearance; the id is made of the first and last sequence number.
AlertDigest make_digest(const std::vector<Alert>& alerts);

}  // namespace pixgate
