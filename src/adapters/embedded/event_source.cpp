#include "adapters/embedded/event_source.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "adapters/embedded/dead_letters.h"
#include "base/failpoint.h"

namespace pixgate::embedded {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kMaxJsonBytes = 1 << 20;

// Which events are in somebody's hands or wait for their next run. All others are those with ids
// above fresh_after().
class Held {
public:
    struct Claim {
        std::int64_t id = 0;
        bool is_lease_over = false;  // whoever had it said nothing
    };

    std::vector<Claim> take_due(std::size_t max, Steady::time_point now, Steady::time_point until) {
        const std::lock_guard lock(mutex_);
        std::vector<Claim> out;
        while (out.size() < max && !by_due_.empty() && by_due_.begin()->first <= now) {
            const std::int64_t id = by_due_.begin()->second;
            out.push_back({id, entries_.at(id).is_leased});
            put(id, until, true);
        }
        return out;
    }
    std::int64_t fresh_after() const {
        const std::lock_guard lock(mutex_);
        return fresh_after_;
    }
    // False where somebody else was quicker.
    bool take_fresh(std::int64_t id, Steady::time_point until) {
        const std::lock_guard lock(mutex_);
        if (id <= fresh_after_) return false;
        fresh_after_ = id;
        put(id, until, true);
        return true;
    }
    void schedule(std::int64_t id, Steady::time_point due) {
        const std::lock_guard lock(mutex_);
        put(id, due, false);
    }
    void forget(std::int64_t id) {
        const std::lock_guard lock(mutex_);
        const auto it = entries_.find(id);
        if (it == entries_.end()) return;
        by_due_.erase({it->second.due, id});
        entries_.erase(it);
    }
    std::optional<Steady::time_point> next_due() const {
        const std::lock_guard lock(mutex_);
        if (by_due_.empty()) return std::nullopt;
        return by_due_.begin()->first;
    }

private:
    struct Entry {
        Steady::time_point due;
        bool is_leased = false;
    };
    void put(std::int64_t id, Steady::time_point due, bool is_leased) {
        Entry& entry = entries_[id];
        by_due_.erase({entry.due, id});
        entry = {due, is_leased};
        by_due_.emplace(due, id);
    }

    mutable std::mutex mutex_;
    std::map<std::int64_t, Entry> entries_;
    std::set<std::pair<Steady::time_point, std::int64_t>> by_due_;
    std::int64_t fresh_after_ = 0;
};

// Claims that are given back when the call fails or is cancelled before the events were handed out.
class Claims {
public:
    Claims(Held& held, const Clock& clock) : held_(held), clock_(clock) {}
    ~Claims() {
        for (const auto id : ids_) held_.schedule(id, clock_.steady());
    }
    Claims(const Claims&) = delete;
    Claims& operator=(const Claims&) = delete;
    void add(std::int64_t id) { ids_.push_back(id); }
    void hand_out() { ids_.clear(); }

private:
    Held& held_;
    const Clock& clock_;
    std::vector<std::int64_t> ids_;
};

class EmbeddedEventSource : public EventSource {
public:
    EmbeddedEventSource(std::shared_ptr<Database> database, const Clock& clock)
        : db_(std::move(database)), clock_(clock) {}

    Task<Result<std::vector<PendingEvent>>> next(
        std::size_t max, std::chrono::milliseconds wait, std::chrono::milliseconds lease
    ) override {
        const auto deadline = Steady::now() + wait;
        Signal& changed = db_->changed(Topic::kEvents);
        for (;;) {
            const auto seen = changed.version();
            CO_TRY(auto events, co_await take(max, lease));
            if (!events.empty() || Steady::now() >= deadline) co_return events;
            std::chrono::nanoseconds limit = deadline - Steady::now();
            if (const auto due = held_.next_due()) {
                limit = std::min<std::chrono::nanoseconds>(limit, *due - clock_.steady());
            }
            co_await changed.wait(seen, limit);
        }
    }

    Task<Result<void>> done(std::int64_t id) override {
        CO_CHECK(failpoint::check("outbox.before_mark"));
        auto mark = [id](Connection& db) -> Result<void> {
            CHECK_OK(db.run("DELETE FROM events WHERE id = ?", id));
            return {};
        };
        CO_CHECK(co_await db_->write(std::move(mark)));
        held_.forget(id);
        co_return Result<void>();
    }

    Task<Result<void>> retry(std::int64_t id, TimePoint at, std::string error) override {
        auto note = [id, &error](Connection& db) -> Result<void> {
            TRY(const auto n, db.run(
                                  "UPDATE events SET failed_runs = failed_runs + 1, "
                                  "last_error = ? WHERE id = ?",
                                  error, id
                              ));
            if (n == 0) return fail(Errc::kNotFound, "no such event");
            return {};
        };
        CO_CHECK(co_await db_->write(std::move(note)));
        held_.schedule(id, clock_.steady() + (at - clock_.now()));
        db_->changed(Topic::kEvents).notify();
        co_return Result<void>();
    }

    Task<Result<void>> give_up(std::int64_t id, std::string reason, std::string error) override {
        auto move = [&](Connection& db) -> Result<void> {
            DeadLetter letter;
            {
                TRY(auto rows,
                    db.query("SELECT json, failed_runs, created_ms FROM events WHERE id = ?", id));
                TRY(const bool found, rows.next());
                if (!found) return fail(Errc::kNotFound, "no such event");
                letter.body = rows.text(0);
                letter.attempts = rows.number<std::uint32_t>(1) + 1;
                letter.first_at = rows.time(2);
            }
            letter.reason = reason;
            letter.last_error = error;
            CHECK_OK(bury(db, letter, clock_.now()));
            CHECK_OK(db.run("DELETE FROM events WHERE id = ?", id));
            return {};
        };
        CO_CHECK(co_await db_->write(std::move(move)));
        held_.forget(id);
        co_return failpoint::check("dlq.after_move");
    }

    Task<Result<void>> add(std::string json) override {
        if (json.size() > kMaxJsonBytes) co_return fail(Errc::kTooLarge, "event over 1 MiB");
        auto insert = [&](Connection& db) -> Result<void> {
            CHECK_OK(
                db.run("INSERT INTO events (json, created_ms) VALUES (?, ?)", json, clock_.now())
            );
            db.announce(Topic::kEvents);
            return {};
        };
        co_return co_await db_->write(std::move(insert), Purpose::kNewWork);
    }

    Task<Result<Backlog>> backlog() override {
        auto look = [this](Connection& db) -> Result<Backlog> {
            // Of many, the range of ids is near enough: counting would read them all.
            constexpr std::int64_t kCountUpTo = 10'000;
            Backlog out{.count = 0, .oldest = clock_.now()};
            TRY(auto rows, db.query("SELECT id, created_ms FROM events ORDER BY id LIMIT 1"));
            TRY(const bool found, rows.next());
            if (!found) return out;
            out.oldest = std::min(out.oldest, rows.time(1));
            TRY(const auto last, db.integer("SELECT max(id) FROM events"));
            std::int64_t count = last - rows.integer(0) + 1;
            if (count <= kCountUpTo) {
                TRY(count, db.integer("SELECT count(*) FROM events"));
            }
            out.count = static_cast<std::uint64_t>(count);
            return out;
        };
        co_return co_await db_->read(std::move(look));
    }

private:
    Task<Result<std::vector<PendingEvent>>> take(std::size_t max, std::chrono::milliseconds lease) {
        const auto until = clock_.steady() + lease;
        Claims claims(held_, clock_);
        const auto due = held_.take_due(max, clock_.steady(), until);
        for (const auto& claim : due) claims.add(claim.id);
        CO_CHECK(co_await count_crashes(due));
        const std::int64_t after = held_.fresh_after();
        auto look = [&](Connection& db) { return read_events(db, due, after, max); };
        CO_TRY(auto found, co_await db_->read(std::move(look)));
        std::erase_if(found, [&](const PendingEvent& event) {
            if (event.id <= after) return false;
            const bool is_ours = held_.take_fresh(event.id, until);
            if (is_ours) claims.add(event.id);
            return !is_ours;
        });
        if (!found.empty()) CO_CHECK(failpoint::check("outbox.claimed"));
        claims.hand_out();
        co_return found;
    }

    Task<Result<void>> count_crashes(const std::vector<Held::Claim>& due) {
        if (std::ranges::none_of(due, &Held::Claim::is_lease_over)) co_return Result<void>();
        auto note = [&due](Connection& db) -> Result<void> {
            for (const auto& claim : due) {
                if (!claim.is_lease_over) continue;
                CHECK_OK(db.run(
                    "UPDATE events SET failed_runs = failed_runs + 1, "
                    "last_error = 'the run ended without a word' WHERE id = ?",
                    claim.id
                ));
            }
            return {};
        };
        co_return co_await db_->write(std::move(note));
    }

    Result<std::vector<PendingEvent>> read_events(
        Connection& db, const std::vector<Held::Claim>& due, std::int64_t after, std::size_t max
    ) {
        std::vector<PendingEvent> out;
        const auto add = [&out](const Rows& row) {
            out.push_back({row.integer(0), row.text(1), row.number<std::uint32_t>(2), row.time(3)});
        };
        for (const auto& claim : due) {
            TRY(auto rows,
                db.query(
                    "SELECT id, json, failed_runs, created_ms FROM events WHERE id = ?", claim.id
                ));
            TRY(const bool found, rows.next());
            if (found) add(rows);
            if (!found) held_.forget(claim.id);  // done meanwhile
        }
        TRY(auto rows, db.query(
                           "SELECT id, json, failed_runs, created_ms FROM events WHERE id > ? "
                           "ORDER BY id LIMIT ?",
                           after, max - due.size()
                       ));
        for (;;) {
            TRY(const bool more, rows.next());
            if (!more) return out;
            add(rows);
        }
    }

    std::shared_ptr<Database> db_;
    const Clock& clock_;
    Held held_;
};

}  // namespace

std::unique_ptr<EventSource> make_event_source(
    std::shared_ptr<Database> database, const Clock& clock
) {
    return std::make_unique<EmbeddedEventSource>(std::move(database), clock);
}

}  // namespace pixgate::embedded
