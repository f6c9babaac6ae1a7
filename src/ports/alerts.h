// What someone must hear about. AlertLog keeps it until it was said (adapters: memory, embedded);
// AlertChannel says it (adapters: log, slack). Dead letters raise an alert in the same transaction
// that makes them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"

namespace pixgate {

struct Alert {
    std::int64_t seq = 0;  // given by the log
    std::string kind;      // "dead_letter", "image_stuck", "sandbox_violation", "backlog"…
    std::string cause;  // what is coalesced: alerts of one kind and cause are one line with a count
    std::string text;   // one example, for people; untrusted
    std::string image_id;  // may be empty
    TimePoint at;
};

// Alerts of one kind and cause.
struct AlertGroup {
    std::string kind;
    std::string cause;
    std::string example;
    std::uint64_t count = 0;
    TimePoint first_at;
    TimePoint last_at;
};
struct AlertDigest {
    std::string id;  // the same on every retry
    std::vector<AlertGroup> groups;
    std::uint64_t total = 0;
};

class AlertLog {
public:
    virtual ~AlertLog() = default;
    virtual Task<Result<void>> raise(Alert alert) = 0;
    // Not said yet, oldest first.
    virtual Task<Result<std::vector<Alert>>> pending(std::size_t limit) = 0;
    virtual Task<Result<void>> mark_said(std::int64_t up_to_seq) = 0;
};

class AlertChannel {
public:
    virtual ~AlertChannel() = default;
    // errors  kOverloaded (rate limited; retry_after in the message is not needed:
    // `retry_after_out` is set),
    //         kUnavailable (retry), kInvalidArgument, kPermissionDenied (permanent: the channel is
    //         off)
    virtual Task<Result<void>> post(
        const AlertDigest& digest, std::chrono::seconds& retry_after_out
    ) = 0;
    virtual std::string_view name() const = 0;
};

}  // namespace pixgate
