// Events that the function host has to run, with AWS's asynchronous rules kept by the host.
// Adapters: memory, embedded (the outbox). Contract: tests/conformance/event_source_suite.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"

namespace pixgate {

struct PendingEvent {
    std::int64_t id = 0;
    std::string json;           // exact S3 notification {"Records":[…]}
    std::uint32_t attempt = 0;  // runs that failed before this one
    TimePoint created_at;
};

struct Backlog {
    std::uint64_t count = 0;
    TimePoint oldest;  // created_at of the oldest; now where empty
};

class EventSource {
public:
    virtual ~EventSource() = default;

    // Events due now, oldest first, at most `max`; each is leased to the caller until done(),
    // retry(), give_up() or until the lease ends (then it is handed out again: the run counts as
    // failed by a crash). Waits up to `wait`.
    virtual Task<Result<std::vector<PendingEvent>>> next(
        std::size_t max, std::chrono::milliseconds wait, std::chrono::milliseconds lease
    ) = 0;
    virtual Task<Result<void>> done(std::int64_t id) = 0;  // twice is harmless
    // Due again at `at`, with one more failed run. kNotFound where it is done already.
    virtual Task<Result<void>> retry(std::int64_t id, TimePoint at, std::string error) = 0;
    // To the dead letters, in one transaction. kNotFound where it is done already.
    virtual Task<Result<void>> give_up(std::int64_t id, std::string reason, std::string error) = 0;
    // An event that came another way (HTTP push, sweep, redrive). kTooLarge over 1 MiB.
    virtual Task<Result<void>> add(std::string json) = 0;
    virtual Task<Result<Backlog>> backlog() = 0;
};

}  // namespace pixgate
