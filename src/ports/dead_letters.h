// What could not be done: kept with reason, attempts and the last error until someone redrives or
// drops it. Adapters: memory, embedded. Contract: tests/conformance/dead_letters_suite.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"

namespace pixgate {

enum class DeadLetterSource : std::uint8_t {
    kEvent,
    kMessage
};  // goes back to the event source, or to the queue

struct DeadLetter {
    std::string id;
    DeadLetterSource source = DeadLetterSource::kEvent;
    std::string queue;  // of a message: the one that it goes back to; see ports/queue.h
    std::string body;
    std::string reason;  // stable code: "retries_exhausted", "unreadable", "too_many_receives"
    std::string last_error;
    std::uint32_t attempts = 0;
    TimePoint first_at;  // when the event or message was made
    TimePoint died_at;
};

struct DeadLetterPage {
    std::vector<DeadLetter> letters;  // newest first
    std::string next_cursor;          // empty at the end
};

class DeadLetters {
public:
    virtual ~DeadLetters() = default;
    virtual Task<Result<DeadLetterPage>> list(std::string cursor, std::size_t limit) = 0;
    virtual Task<Result<DeadLetter>> find(std::string id) = 0;
    // Back to where it came from with a fresh count, and out of here, in one transaction. A second
    // time: kNotFound.
    virtual Task<Result<void>> redrive(std::string id) = 0;
    virtual Task<Result<void>> drop(std::string id) = 0;  // kNotFound where absent
    virtual Task<Result<std::uint64_t>> count() = 0;
};

}  // namespace pixgate
