// The function host: takes events from the event source and runs the function for each record, by
// the rules that AWS Lambda has for asynchronous invocation. Started by main on one loop; heavy
// work goes to pools inside the function.
//
//   - An event whose run fails is tried again after each of `retry_delays` (AWS: one minute, then
//     two), then it goes to the dead letters with the last error ("retries_exhausted") and its
//     image becomes `failed`, so that nothing stays between states. A redrive starts it afresh.
//   - Failures of the environment (kUnavailable, kOverloaded, kNoSpace, kReadOnly: AWS's throttles
//     and service errors) are not the event's fault and use up none of these tries: they are
//     retried with backoff from 1 s up to 5 min with jitter, until the event is older than
//     `max_event_age` ("event_age_exceeded"). Which runs failed so is known to this process only:
//     after a restart they count as tries, so an event may get fewer, but never less than one run.
//   - An event that cannot be read goes to the dead letters at once ("unreadable").
//   - Every record of a notification is run, also after one failed; then the whole is tried again,
//     which is safe because the function is idempotent.
// Source: AWS Lambda developer guide, "How Lambda handles errors and retries with asynchronous
// invocation".
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/task_group.h"
#include "core/storage_event.h"
#include "ports/catalog.h"
#include "ports/event_source.h"

namespace pixgate {

class EventHost {
public:
    struct Config {
        std::size_t concurrency = 8;  // runs at once
        std::chrono::milliseconds run_deadline{60'000};
        std::vector<std::chrono::milliseconds> retry_delays{
            std::chrono::milliseconds{1'000}, std::chrono::milliseconds{5'000}
        };
        std::chrono::milliseconds max_event_age{6 * 3600 * 1000};
        std::chrono::milliseconds poll_wait{500};     // also how long stop() may take when idle
        std::chrono::milliseconds stop_grace{3'000};  // for runs under way at stop()
    };
    struct Ports {
        EventSource& events;
        Catalog& catalog;
        const Clock& clock;
        Metrics& metrics;
    };
    using Function = std::function<Task<Result<void>>(StorageEvent)>;

    EventHost(Ports ports, Function function, Config config);

    // Until stop(). Runs under way then may finish within stop_grace; the rest is cancelled and
    // given back to the source, due at once. Ends when no run is left. Call once.
    Task<void> run();
    void stop() { stop_.set(); }  // from any thread

private:
    Task<void> run_event(PendingEvent event);
    Task<Result<void>> run_records(const std::vector<StorageEvent>& records);
    Task<Result<void>> run_record(const StorageEvent& record);
    Task<void> settle(
        const PendingEvent& event,
        const std::vector<StorageEvent>& records,
        const Result<void>& outcome
    );
    Task<Result<void>> try_again(const PendingEvent& event, const Error& error);
    Task<Result<void>> give_up(
        const PendingEvent& event,
        const std::vector<StorageEvent>& records,
        std::string reason,
        const Error& error
    );
    Task<void> drain();
    Task<void> measure_backlog();

    Ports ports_;
    Function function_;
    Config config_;
    TaskGroup runs_;
    StopFlag stop_;
    std::set<std::int64_t> in_flight_;
    std::map<std::int64_t, std::uint32_t> environment_failures_;  // by event id
    std::chrono::steady_clock::time_point next_measure_{};

    Counter& done_;
    Counter& failed_;
    Counter& given_up_;
    Histogram& duration_;
    Gauge& backlog_count_;
    Gauge& backlog_age_;
};

}  // namespace pixgate
