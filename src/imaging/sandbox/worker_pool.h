// Warm workers: made when they are wanted, lent to one caller at a time, ended when they are old,
// large, spoilt or idle. Only for pictures that our own code encoded: what one worker has seen, the
// next job in it could see, had its decoder been taken over.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>

#include "base/metrics.h"
#include "imaging/sandbox/warm_worker.h"

namespace pixgate::imaging {

struct WorkerLimits {
    std::size_t max_workers = 0;  // 0: none, every job gets a child of its own
    std::size_t max_jobs = 200;   // of one worker
    std::chrono::milliseconds max_age{600'000};
    std::chrono::milliseconds max_idle{180'000};
    std::uint64_t max_resident_bytes = 256ULL << 20;  // looked at between jobs
};

class WorkerPool {
public:
    using Start = std::function<Result<WarmWorker>(Clock::time_point until)>;

    // `metrics` may be null. Starts no worker and no thread before the first job.
    WorkerPool(const WorkerLimits& limits, Start start, Metrics* metrics);
    ~WorkerPool();  // ends all workers; no lease may be left
    WorkerPool(const WorkerPool&) = delete;
    WorkerPool& operator=(const WorkerPool&) = delete;

    // One worker for one job; goes back at its end.
    class Lease {
    public:
        Lease(WorkerPool& pool, std::unique_ptr<WarmWorker> worker);
        ~Lease();
        Lease(Lease&&) noexcept = default;
        Lease& operator=(Lease&&) = delete;

        WarmWorker& worker() { return *worker_; }
        // It is not lent again. The reason is a label of a metric: "crashed".
        void spoil(std::string_view reason) { spoilt_ = reason; }

    private:
        WorkerPool* pool_;
        std::unique_ptr<WarmWorker> worker_;
        std::string_view spoilt_;
    };

    // Waits while all are lent. kOverloaded when none is free until then; kUnavailable when none
    // can be started.
    Result<Lease> borrow(Clock::time_point until);

    std::size_t size() const;  // idle ones and lent ones

private:
    struct State;
    void give_back(std::unique_ptr<WarmWorker> worker, std::string_view spoilt);

    std::unique_ptr<State> state_;
};

}  // namespace pixgate::imaging
