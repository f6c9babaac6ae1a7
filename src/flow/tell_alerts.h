// Says what the alert log holds: groups by kind and cause, the first at once, then a digest per
// interval; survives restart because the log does. Run by roles/sweeper in a loop of its own.
#pragma once

#include <map>

#include "ports/alerts.h"

namespace pixgate {

class TellAlerts {
public:
    TellAlerts(
        AlertLog& log, AlertChannel& channel, const Clock& clock, std::chrono::seconds interval
    );

    // One round: post what is pending, if it is time. Returns how long to wait before the next
    // round.
    Task<Result<std::chrono::milliseconds>> run();

private:
    AlertLog& log_;
    AlertChannel& channel_;
    const Clock& clock_;
    std::chrono::seconds interval_;
    TimePoint next_post_{};
    std::uint32_t failures_ = 0;
};

// Groups in order of first appearance; `id` is made of the sequence numbers.
AlertDigest make_digest(const std::vector<Alert>& alerts);

}  // namespace pixgate
