// Token buckets, one per caller, in a table that cannot grow without bound; and places for long
// streams.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"

namespace pixgate::roles {

struct Rate {
    double per_second = 0;
    double burst = 0;
};

class RateLimiter {
public:
    static constexpr std::size_t kMaxCallers = 100'000;

    explicit RateLimiter(const Clock& clock) : clock_(clock) {}

    // Takes one token. nullopt: go on; else how long until there is one again (a second at least).
    std::optional<std::chrono::seconds> take(const std::string& caller, Rate rate);

private:
    struct Bucket {
        double tokens = 0;
        std::chrono::steady_clock::time_point at;
    };
    void make_room();

    const Clock& clock_;
    std::mutex mutex_;
    std::map<std::string, Bucket> buckets_;
};

// How many streams are open, in all and per caller.
class StreamSlots {
public:
    StreamSlots(std::uint32_t max, std::uint32_t max_per_caller)
        : state_(std::make_shared<State>()) {
        state_->max = max;
        state_->max_per_caller = max_per_caller;
    }
    // Held as long as the stream is open; null where no place is left.
    std::shared_ptr<void> take(const std::string& caller);

private:
    struct State {
        std::mutex mutex;
        std::map<std::string, std::uint32_t> by_caller;
        std::uint32_t total = 0;
        std::uint32_t max = 0;
        std::uint32_t max_per_caller = 0;
    };
    std::shared_ptr<State> state_;
};

}  // namespace pixgate::roles
