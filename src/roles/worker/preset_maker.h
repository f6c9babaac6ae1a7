// Takes messages from the preset queue and has the presets of each image made, one image at a time,
// so that what nobody waits for stays behind what somebody does. Started by main on one loop.
//
// What happens to a message after a failure:
//   kNotFound, "not_ready", "replaced"   acknowledged: the image is gone, or another one now
//   kUnavailable, kOverloaded, kNoSpace, kReadOnly: the environment's fault. Kept and tried again
//       with backoff (1 s to 1 min) until it works; this counts as one receive
//   any other                        visible again after a backoff; on receive number
//   `max_receives`
//       buried, which raises an alert: the image stays ready with what it has
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "base/metrics.h"
#include "base/task_group.h"
#include "core/presets_message.h"
#include "flow/remake_presets.h"
#include "ports/queue.h"

namespace pixgate {

class PresetMaker {
public:
    struct Config {
        std::chrono::milliseconds poll_wait{500};  // also how long stop() may take when idle
        std::chrono::milliseconds deadline{120'000
        };  // of one try; visibility is half a minute more
        std::chrono::milliseconds stop_grace{2'000};
        std::uint32_t max_receives = 5;  // as the queue has it
    };
    struct Ports {
        Queue& queue;
        RemakePresets& remake;
        Metrics& metrics;
    };
    PresetMaker(Ports ports, Config config);

    // Until stop(); a message under way then comes again after the next start. Call once.
    Task<void> run();
    void stop() { stop_.set(); }  // from any thread

private:
    Task<void> receive_loop();
    Task<void> handle(ReceivedMessage received);
    Task<Result<void>> make(const PresetsMessage& message);
    Task<void> after_failure(const ReceivedMessage& received, const Error& error);
    Task<void> settle(const ReceivedMessage& received, const char* result);
    Task<void> bury(const ReceivedMessage& received, std::string reason, const Error& error);
    std::chrono::milliseconds visibility() const;

    Ports ports_;
    Config config_;
    StopFlag stop_;
    std::map<std::string, Counter*, std::less<>> counters_;  // by result
};

}  // namespace pixgate
