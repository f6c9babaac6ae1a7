#include "imaging/sandbox/worker_pool.h"

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace pixgate::imaging {
namespace {

struct Idle {
    std::unique_ptr<WarmWorker> worker;
    Clock::time_point since;
};

}  // namespace

struct WorkerPool::State {
    State(const WorkerLimits& its_limits, Start its_start, Metrics* its_metrics)
        : limits(its_limits), start(std::move(its_start)), metrics(its_metrics) {
        if (metrics != nullptr)
            gauge = &metrics->gauge("pixgate_sandbox_workers", "Warm workers there are now");
        set_gauge();
    }

    // With the mutex held.
    void set_gauge() {
        if (gauge != nullptr) gauge->set(static_cast<double>(count));
    }
    std::vector<Idle> take_expired(Clock::time_point now);

    // Without it.
    void retire(std::unique_ptr<WarmWorker> worker, std::string_view reason);
    std::string_view age_of(const WarmWorker& worker) const;
    void end_idle_ones(const std::stop_token& stop);

    const WorkerLimits limits;
    const Start start;
    Metrics* const metrics;
    Gauge* gauge = nullptr;

    std::mutex mutex;
    std::condition_variable freed;
    std::condition_variable_any caretaker_sleep;
    std::vector<Idle> idle;  // the one used last is last
    std::size_t count = 0;   // idle, lent, and being started
    std::jthread caretaker;  // runs once there has been a worker
};

void WorkerPool::State::retire(std::unique_ptr<WarmWorker> worker, std::string_view reason) {
    worker->end();
    worker.reset();
    if (metrics != nullptr) {
        metrics
            ->counter(
                "pixgate_sandbox_workers_recycled_total", "Warm workers ended, by reason",
                {{"reason", std::string(reason)}}
            )
            .add();
    }
    const std::scoped_lock lock(mutex);
    --count;
    set_gauge();
    freed.notify_one();
}

// Why a worker that did its job well is not lent again; empty when it is.
std::string_view WorkerPool::State::age_of(const WarmWorker& worker) const {
    if (worker.jobs() >= limits.max_jobs) return "jobs";
    if (Clock::now() - worker.started() >= limits.max_age) return "age";
    if (worker.resident_bytes() > limits.max_resident_bytes) return "memory";
    return {};
}

std::vector<Idle> WorkerPool::State::take_expired(Clock::time_point now) {
    std::vector<Idle> expired;
    std::erase_if(idle, [&](Idle& one) {
        if (now - one.since < limits.max_idle) return false;
        expired.push_back(std::move(one));
        return true;
    });
    return expired;
}

// Looks now and then, so that a job need not wake it.
void WorkerPool::State::end_idle_ones(const std::stop_token& stop) {
    std::unique_lock lock(mutex);
    while (!stop.stop_requested()) {
        caretaker_sleep.wait_for(lock, stop, limits.max_idle / 4, [] { return false; });
        auto expired = take_expired(Clock::now());
        lock.unlock();
        for (Idle& one : expired) retire(std::move(one.worker), "idle");
        lock.lock();
    }
}

WorkerPool::WorkerPool(const WorkerLimits& limits, Start start, Metrics* metrics)
    : state_(std::make_unique<State>(limits, std::move(start), metrics)) {}

WorkerPool::~WorkerPool() {
    state_->caretaker = {};  // asks it to stop, and waits
    for (Idle& one : state_->idle) one.worker->end();
}

Result<WorkerPool::Lease> WorkerPool::borrow(Clock::time_point until) {
    State& state = *state_;
    for (;;) {
        std::unique_lock lock(state.mutex);
        const bool is_free = state.freed.wait_until(lock, until, [&] {
            return !state.idle.empty() || state.count < state.limits.max_workers;
        });
        if (!is_free)
            return fail(Errc::kOverloaded, "sandbox: all workers are busy", "workers_busy");
        if (state.idle.empty()) {
            ++state.count;
            state.set_gauge();
            if (!state.caretaker.joinable())
                state.caretaker = std::jthread([&state](const std::stop_token& stop) {
                    state.end_idle_ones(stop);
                });
            break;
        }
        auto worker = std::move(state.idle.back().worker);
        state.idle.pop_back();
        lock.unlock();
        if (worker->is_quiet()) return Lease(*this, std::move(worker));
        state.retire(std::move(worker), "crashed");
    }
    auto started = state.start(until);
    if (started) return Lease(*this, std::make_unique<WarmWorker>(*std::move(started)));
    const std::scoped_lock lock(state.mutex);
    --state.count;
    state.set_gauge();
    state.freed.notify_one();
    return std::unexpected(std::move(started).error());
}

void WorkerPool::give_back(std::unique_ptr<WarmWorker> worker, std::string_view spoilt) {
    if (spoilt.empty()) spoilt = state_->age_of(*worker);
    // What one job has written must not be there for the next one.
    if (spoilt.empty() && !worker->output().wipe()) spoilt = "crashed";
    if (!spoilt.empty()) return state_->retire(std::move(worker), spoilt);
    const std::scoped_lock lock(state_->mutex);
    state_->idle.push_back({std::move(worker), Clock::now()});
    state_->freed.notify_one();
}

std::size_t WorkerPool::size() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->count;
}

WorkerPool::Lease::Lease(WorkerPool& pool, std::unique_ptr<WarmWorker> worker)
    : pool_(&pool), worker_(std::move(worker)) {}

WorkerPool::Lease::~Lease() {
    if (worker_) pool_->give_back(std::move(worker_), spoilt_);
}

}  // namespace pixgate::imaging
