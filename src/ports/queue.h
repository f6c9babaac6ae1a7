// A queue with SQS's rules: at least once, visibility timeout, receive count, redrive to dead
// letters after `max_receives`. Adapters: memory, embedded. Contract:
// tests/conformance/queue_suite.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "ports/event_source.h"

namespace pixgate {

// Names of queues, as dead letters have them.
inline constexpr std::string_view kVerdictQueue;
inline constexpr std::string_view kPresetQueue = "presets";

struct ReceivedMessage {
    std::string id;
    // Of this receive; an older one of the same message is refused (kNotFound).
    std::string receipt;
    std::string body;
    std::uint32_t receive_count = 1;
    TimePoint sent_at;
};

class Queue {
public:
    virtual ~Queue() = default;
    // Durable when it returns; the message id. kTooLarge over 1 MiB (SQS's limit).
    virtual Task<Result<std::string>> send(std::string body) = 0;
    // Up to `max` (10) visible messages, hidden from others for `visibility`; waits up to `wait`
    // for the first. A message received more than max_receives times goes to the dead letters
    // instead of being handed out.
    virtual Task<Result<std::vector<ReceivedMessage>>> receive(
        std::size_t max, std::chrono::milliseconds wait, std::chrono::milliseconds visibility
    ) = 0;
    // Gone; twice is harmless.
    virtual Task<Result<void>> ack(std::string receipt) = 0;
    // Hidden for `visibility` from now; 0: visible at once.
    virtual Task<Result<void>> extend(
        std::string receipt, std::chrono::milliseconds visibility
    ) = 0;
    // Straight to the dead letters, with a reason: for messages that can never succeed.
    virtual Task<Result<void>> bury(std::string receipt, std::string reason, std::string error) = 0;
    virtual Task<Result<Backlog>> backlog() = 0;
};

}  // namespace pixgate
