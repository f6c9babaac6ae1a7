// The worker: takes messages from the queue and has each written into the catalog. Started by main
// on one loop.
//
// What happens to a message after a failure:
//   kInvalidArgument, kFailedPrecondition, kTooLarge, kUnsupportedMedia, kCorrupt,
//   kUnauthenticated, kPermissionDenied        buried with the reason; its image becomes `failed`
//   kNotFound, kAlreadyExists                  acknowledged: deleted meanwhile, or done before
//   kUnavailable, kOverloaded, kDeadlineExceeded, kNoSpace, kReadOnly: the environment's fault. The
//       message is kept, its visibility extended, and tried again with backoff (100 ms to 30 s with
//       jitter) until it works: this counts as one receive, however long the catalog is away, and
//       with all slots waiting nothing more is received
//   kInternal, kCrashed                        visible again after a backoff; on receive number
//       `max_receives` buried ("too_many_receives"), its image `failed`
//   kCancelled                                 left alone; its visibility ends by itself
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "base/metrics.h"
#include "base/task_group.h"
#include "flow/register_image.h"
#include "ports/queue.h"

namespace pixgate {

class Worker {
public:
    struct Config {
        std::size_t concurrency = 32;              // messages at once
        std::chrono::milliseconds poll_wait{500};  // also how long stop() may take when idle
        std::chrono::milliseconds visibility{60'000};
        std::chrono::milliseconds call_deadline{10'000};  // of one try; well below visibility
        std::chrono::milliseconds stop_grace{3'000};
        std::uint32_t max_receives = 5;  // as the queue has it
    };
    struct Ports {
        Queue& queue;
        Queue& preset_queue;  // gets what is to be made anew
        Catalog& catalog;
        const Clock& clock;
        Metrics& metrics;
        ObjectStore* store = nullptr;  // as in RegisterImage
    };

    Worker(Ports ports, Config config);

    // Until stop(); messages under way then may finish within stop_grace, the others are given back
    // to the queue, visible at once. Call once.
    Task<void> run();
    void stop() { stop_.set(); }  // from any thread

private:
    Task<void> handle(ReceivedMessage message);
    Task<void> register_until_settled(ReceivedMessage received, RegisterMessage message);
    Task<Result<Applied>> register_once(const RegisterMessage& message);
    Task<void> after_success(
        const ReceivedMessage& received, const RegisterMessage& message, Applied applied
    );
    Task<void> after_failure(
        const ReceivedMessage& received, const RegisterMessage& message, const Error& error
    );
    Task<void> bury(
        const ReceivedMessage& received,
        const RegisterMessage* message,
        std::string reason,
        const Error& error
    );
    Task<void> measure_backlog();
    void count(const std::string& result);

    Ports ports_;
    Config config_;
    RegisterImage register_image_;
    TaskGroup under_way_;
    StopFlag stop_;
    std::chrono::steady_clock::time_point next_measure_{};

    std::map<std::string, Counter*, std::less<>> counters_;  // by result
    Counter& refused_thumbnails_;
    Histogram& duration_;
    Histogram& since_event_;
    Gauge& backlog_count_;
    Gauge& backlog_age_;
};

}  // namespace pixgate
