// How many pixels one client may have decoded and encoded: a token bucket per client, in a table
// that cannot grow without bound. A request is taken while something is left and may leave a debt,
// so that a picture larger than the whole bucket is served, too, but not two of them in a row.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/clock.h"

namespace pixgate {

class PixelBudget {
public:
    static constexpr std::size_t kMaxClients = 100'000;
    static constexpr double kBurstSeconds = 10;

    // per_second 0: no limit.
    PixelBudget(const Clock& clock, std::uint64_t per_second)
        : clock_(clock), per_second_(static_cast<double>(per_second)) {}

    // False where nothing is left; nothing is taken then.
    bool take(const std::string& client, std::uint64_t pixels);
    // Until take() succeeds again; 0 now.
    std::chrono::milliseconds wait_of(const std::string& client) const;

private:
    struct Bucket {
        double left = 0;
        std::chrono::steady_clock::time_point at;
    };
    double left_now(const Bucket& bucket) const;
    void make_room();

    const Clock& clock_;
    const double per_second_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace pixgate
