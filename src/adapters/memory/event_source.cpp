#include "adapters/memory/state.h"

namespace pixgate::memory {

namespace {

using Steady = std::chrono::steady_clock;

class MemoryEventSource : public EventSource {
public:
    explicit MemoryEventSource(StatePtr state) : state_(std::move(state)) {}

    Task<Result<std::vector<PendingEvent>>> next(
        std::size_t max, std::chrono::milliseconds wait, std::chrono::milliseconds lease
    ) override {
        const auto deadline = Steady::now() + wait;
        for (;;) {
            const auto seen = state_->events_changed.version();
            std::optional<Steady::time_point> next_due;
            auto found = take(max, lease, next_due);
            if (!found.empty() || Steady::now() >= deadline) co_return found;
            std::chrono::nanoseconds limit = until(deadline);
            if (next_due) {
                limit =
                    std::min<std::chrono::nanoseconds>(limit, *next_due - state_->clock.steady());
            }
            co_await state_->events_changed.wait(seen, limit);
        }
    }

    Task<Result<void>> done(std::int64_t id) override {
        const std::lock_guard lock(state_->mutex);
        state_->events.erase(id);
        co_return Result<void>();
    }

    Task<Result<void>> retry(std::int64_t id, TimePoint at, std::string error) override {
        const std::lock_guard lock(state_->mutex);
        const auto it = state_->events.find(id);
        if (it == state_->events.end()) co_return fail(Errc::kNotFound, "no such event");
        it->second.is_leased = false;
        it->second.failed_runs += 1;
        it->second.due = state_->clock.steady() + (at - state_->clock.now());
        it->second.last_error = std::move(error);
        state_->events_changed.notify();
        co_return Result<void>();
    }

    Task<Result<void>> give_up(std::int64_t id, std::string reason, std::string error) override {
        const std::lock_guard lock(state_->mutex);
        const auto it = state_->events.find(id);
        if (it == state_->events.end()) co_return fail(Errc::kNotFound, "no such event");
        state_->bury({
            .id = {},
            .source = DeadLetterSource::kEvent,
            .queue = {},
            .body = std::move(it->second.json),
            .reason = std::move(reason),
            .last_error = std::move(error),
            .attempts = it->second.failed_runs + 1,
            .first_at = it->second.created_at,
            .died_at = {},
        });
        state_->events.erase(it);
        co_return Result<void>();
    }

    Task<Result<void>> add(std::string json) override {
        if (json.size() > kMaxBodyBytes) co_return fail(Errc::kTooLarge, "event over 1 MiB");
        const std::lock_guard lock(state_->mutex);
        state_->add_event(std::move(json));
        co_return Result<void>();
    }

    Task<Result<Backlog>> backlog() override {
        const std::lock_guard lock(state_->mutex);
        Backlog out{.count = state_->events.size(), .oldest = state_->clock.now()};
        for (const auto& [id, row] : state_->events) {
            out.oldest = std::min(out.oldest, row.created_at);
        }
        co_return out;
    }

private:
    std::vector<PendingEvent> take(
        std::size_t max, std::chrono::milliseconds lease, std::optional<Steady::time_point>& next
    ) {
        const std::lock_guard lock(state_->mutex);
        const auto now = state_->clock.steady();
        std::vector<PendingEvent> out;
        for (auto& [id, row] : state_->events) {
            if (out.size() >= max) break;
            if (row.due > now) {
                next = std::min(next.value_or(row.due), row.due);
                continue;
            }
            // The lease ended without a word: whoever had it crashed.
            if (row.is_leased) row.failed_runs += 1;
            row.is_leased = true;
            row.due = now + lease;
            out.push_back({id, row.json, row.failed_runs, row.created_at});
        }
        return out;
    }

    StatePtr state_;
};

}  // namespace

std::unique_ptr<EventSource> make_event_source(StatePtr state) {
    return std::make_unique<MemoryEventSource>(std::move(state));
}

}  // namespace pixgate::memory
