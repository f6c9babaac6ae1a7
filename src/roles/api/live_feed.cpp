#include "roles/api/live_feed.h"

#include <algorithm>

#include "base/backoff.h"
#include "base/log.h"

namespace pixgate::roles {

namespace {

using Steady = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kReadWait{500};  // how soon the reader sees the stop flag

bool passes(const LiveFeed::Filter& filter, const FeedEntry& entry) {
    if (filter.owner && *filter.owner != entry.image.owner) return false;
    return !filter.image_id || *filter.image_id == entry.image.id;
}

}  // namespace

void LiveFeed::keep(std::vector<FeedEntry> entries) {
    const std::lock_guard lock(mutex_);
    for (auto& entry : entries) {
        last_ = entry.seq;
        kept_.push_back(std::make_shared<const FeedEntry>(std::move(entry)));
        if (kept_.size() <= kKept) continue;
        floor_ = kept_.front()->seq;
        kept_.pop_front();
    }
}

Task<void> LiveFeed::run(StopFlag& stop) {
    std::uint32_t failures = 0;
    bool has_begun = false;
    while (!stop.is_set()) {
        Result<std::vector<FeedEntry>> entries;
        if (!has_begun) {
            const auto last = co_await catalog_.last_seq();
            if (last) {
                const std::lock_guard lock(mutex_);
                floor_ = last_ = *last;
                is_running_ = has_begun = true;
            } else {
                entries = std::unexpected(last.error());
            }
        } else {
            FeedQuery query;
            query.after = last_;
            query.wait = kReadWait;
            entries = co_await catalog_.feed(std::move(query));
        }
        if (!entries) {
            log::failure(log::Level::kWarning, "the change feed cannot be read", entries.error());
            const std::chrono::milliseconds first{100};
            const std::chrono::milliseconds cap{5'000};
            if (!co_await stop.sleep(backoff_after(++failures, first, cap))) break;
            continue;
        }
        failures = 0;
        if (entries->empty()) continue;
        keep(*std::move(entries));
        changed_.notify();
    }
    const std::lock_guard lock(mutex_);
    is_running_ = false;
}

void LiveFeed::stop() {
    {
        const std::lock_guard lock(mutex_);
        is_stopped_ = true;
    }
    changed_.notify();
}

std::optional<LiveFeed::Batch> LiveFeed::from_memory(const Filter& filter, std::int64_t after)
    const {
    const std::lock_guard lock(mutex_);
    if (is_stopped_) return Batch{{}, after, true};
    if (!is_running_ || after < floor_) return std::nullopt;
    Batch out{{}, std::max(after, last_), false};
    auto it = std::ranges::upper_bound(kept_, after, {}, [](const EntryPtr& e) { return e->seq; });
    for (; it != kept_.end(); ++it) {
        if (!passes(filter, **it)) continue;
        out.entries.push_back(*it);
        if (out.entries.size() < kBatch) continue;
        out.position = (*it)->seq;
        break;
    }
    return out;
}

Task<Result<LiveFeed::Batch>> LiveFeed::from_catalog(Filter filter, std::int64_t after) {
    // Read before the query: what comes between the two is read again, not lost.
    CO_TRY(const std::int64_t last, co_await catalog_.last_seq());
    FeedQuery query;
    query.after = after;
    query.owner = filter.owner;
    query.image_id = filter.image_id;
    query.limit = kBatch;
    CO_TRY(auto entries, co_await catalog_.feed(std::move(query)));
    Batch out{{}, std::max(after, last), false};
    if (!entries.empty()) {
        const std::int64_t newest = entries.back().seq;
        out.position = entries.size() < kBatch ? std::max(out.position, newest) : newest;
    }
    for (auto& entry : entries) {
        out.entries.push_back(std::make_shared<const FeedEntry>(std::move(entry)));
    }
    co_return out;
}

Task<Result<LiveFeed::Batch>> LiveFeed::next(
    Filter filter, std::int64_t after, std::chrono::milliseconds wait
) {
    const auto deadline = Steady::now() + wait;
    for (;;) {
        const auto seen = changed_.version();
        auto batch = from_memory(filter, after);
        const bool is_live = batch.has_value();
        if (!is_live) {
            CO_TRY(batch, co_await from_catalog(filter, after));
        }
        const auto left = deadline - Steady::now();
        if (!batch->entries.empty() || batch->is_stopped || left <= left.zero())
            co_return *std::move(batch);
        after = batch->position;
        // Without the reader no signal comes: look again soon.
        const std::chrono::nanoseconds pause =
            is_live ? left : std::min<Steady::duration>(left, std::chrono::milliseconds(50));
        co_await changed_.wait(seen, pause);
    }
}

}  // namespace pixgate::roles
