// One computation per key and all who wait for it. The computation belongs to the key, not to who
// asked first: who goes away ends nothing, and each waits no longer than it likes. Safe from any
// thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/task.h"

namespace pixgate {

template <class T>
class SingleFlight {
public:
    struct Flight {
        Signal done;
        std::uint64_t seen = done.version();
        std::string owner;        // on whose account it is
        std::size_t waiters = 1;  // guarded by SingleFlight's mutex
        std::mutex mutex;
        std::optional<Result<T>> result;
    };
    using FlightPtr = std::shared_ptr<Flight>;
    struct Joined {
        FlightPtr flight;  // null: `max_waiters` wait already
        bool is_leader =
            false;  // the caller has to start the computation, which ends in publish() and close()
    };

    Joined join(const std::string& key, const std::string& owner, std::size_t max_waiters) {
        const std::lock_guard lock(mutex_);
        auto& slot = flights_[key];
        if (!slot) {
            slot = std::make_shared<Flight>();
            slot->owner = owner;
            return {slot, true};
        }
        if (slot->waiters >= max_waiters) return {};
        ++slot->waiters;
        return {slot, false};
    }

    // Those who wait go on with it, and so do those who still come. Only the first result counts.
    void publish(const FlightPtr& flight, Result<T> result) {
        {
            const std::lock_guard lock(flight->mutex);
            if (flight->result) return;
            flight->result = std::move(result);
        }
        flight->done.notify();
    }

    // Who asks from now on starts anew.
    void close(const std::string& key, const FlightPtr& flight) {
        const std::lock_guard lock(mutex_);
        const auto it = flights_.find(key);
        if (it != flights_.end() && it->second == flight) flights_.erase(it);
    }

    // nullopt where it did not end in time.
    static Task<std::optional<Result<T>>> wait(FlightPtr flight, std::chrono::milliseconds limit) {
        co_await flight->done.wait(flight->seen, limit);
        const std::lock_guard lock(flight->mutex);
        co_return flight->result;
    }

private:
    std::mutex mutex_;
    std::map<std::string, FlightPtr> flights_;
};

}  // namespace pixgate
