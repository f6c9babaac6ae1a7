#include "flow/purge_caches.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "base/backoff.h"
#include "base/log.h"
#include "flow/cache_effect.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;

constexpr auto kIdle = 1s;
constexpr auto kFirstBackoff = 1s;
constexpr auto kMaxBackoff = 5min;
constexpr auto kAlertAfter = 10min;
constexpr auto kAlertAgain = 1h;
constexpr auto kAgainAfter = 30s;
constexpr std::size_t kFeedBatch = 100;
// Of a target that can drop everything: it is told so for these in one.
constexpr std::size_t kMaxAtOnce = 10'000;

}  // namespace

PurgeCaches::PurgeCaches(Ports ports) : ports_(std::move(ports)) {
    for (const auto& target : ports_.targets) {
        const std::string name(target->name());
        Way& first = add_way(*target, name);
        Way& again = add_way(*target, name + "-again");
        first.again = &again;
        again.first = &first;
    }
}

PurgeCaches::Way& PurgeCaches::add_way(PurgeTarget& target, std::string name) {
    const Metrics::Labels labels{{"target", name}};
    Metrics& metrics = ports_.metrics;
    names_.push_back(name);
    return ways_.emplace_back(
        target, std::move(name), nullptr, nullptr,
        metrics.counter(
            "pixgate_purge_images_total", "Images that caches in front were told to drop", labels
        ),
        metrics.counter(
            "pixgate_purge_failures_total", "Calls to caches in front that failed", labels
        ),
        metrics.gauge(
            "pixgate_purge_oldest_seconds", "How long the oldest purge has been waiting", labels
        )
    );
}

Task<void> PurgeCaches::keep_taking_over(StopFlag& stop) {
    for (std::uint32_t failures = 0;;) {
        std::chrono::milliseconds wait = kIdle;
        const auto done = co_await take_over();
        if (done) {
            failures = 0;
        } else {
            log::failure(log::Level::kWarning, "deletions cannot be read", done.error());
            wait = backoff_after(++failures, kFirstBackoff, kMaxBackoff);
        }
        if (!co_await stop.sleep(wait)) co_return;
    }
}

Task<void> PurgeCaches::keep_telling(std::size_t way, StopFlag& stop) {
    for (std::uint32_t failures = 0;;) {
        std::chrono::milliseconds wait{0};
        const auto done = co_await tell(way);
        if (done) {
            failures = 0;
            wait = *done;
        } else {
            log::failure(log::Level::kWarning, "purges cannot be read", done.error());
            wait = backoff_after(++failures, kFirstBackoff, kMaxBackoff);
        }
        if (!co_await stop.sleep(wait)) co_return;
    }
}

Task<Result<void>> PurgeCaches::take_over() {
    if (!position_) CO_CHECK(co_await find_position());
    for (;;) {
        CO_TRY(const bool has_more, co_await take_over_some());
        if (!has_more) co_return Result<void>{};
    }
}

Task<Result<void>> PurgeCaches::find_position() {
    CO_TRY(auto position, co_await ports_.outbox.position());
    if (!position) {
        // The first time: what was deleted before was never in the cache, or is not ours to know.
        CO_TRY(position, co_await ports_.catalog.last_seq());
        CO_CHECK(co_await ports_.outbox.take_over({}, *position, ports_.clock.now()));
    }
    position_ = position;
    co_return Result<void>{};
}

// True where the feed may hold more.
Task<Result<bool>> PurgeCaches::take_over_some() {
    FeedQuery query;
    query.after = *position_;
    query.limit = kFeedBatch;
    CO_TRY(const auto entries, co_await ports_.catalog.feed(std::move(query)));
    if (entries.empty()) co_return false;
    const auto lost = entries.front().seq - *position_ - 1;
    if (lost > 0) {
        Alert alert;
        alert.kind = "purges_lost";
        alert.cause = "feed";
        alert.text = fmt::format(
            "{} changes were dropped from the feed before deletions among them were told to the "
            "caches in front: empty those by hand",
            lost
        );
        alert.at = ports_.clock.now();
        CO_CHECK(co_await ports_.alerts.raise(std::move(alert)));
    }
    std::vector<ImageId> images;
    for (const auto& entry : entries) {
        if (was_shown(entry.image)) images.push_back(entry.image.id);
    }
    const std::int64_t position = entries.back().seq;
    CO_CHECK(co_await ports_.outbox.take_over(std::move(images), position, ports_.clock.now()));
    position_ = position;
    co_return entries.size() == kFeedBatch;
}

Task<Result<std::chrono::milliseconds>> PurgeCaches::tell(std::size_t index) {
    Way& way = ways_[index];
    // The second time comes after the first, and would fail as that does.
    if (way.first != nullptr && !way.first->is_idle) co_return kIdle;
    if (!way.batch) CO_CHECK(co_await begin_batch(way));
    way.is_idle = !way.batch;
    if (!way.batch) {
        way.age.set(0);
        co_return kIdle;
    }
    const auto due = way.batch->since + (way.first != nullptr ? kAgainAfter : 0s);
    way.age.set(std::chrono::duration<double>(ports_.clock.now() - due).count());
    std::chrono::seconds retry_after{0};
    const auto told = co_await way.target.purge(way.batch->images, retry_after);
    if (told) {
        way.failures = 0;
        CO_CHECK(co_await note_told(way));
        co_return 0ms;
    }
    way.failed.add();
    log::failure(
        log::Level::kWarning, "a cache in front was not told what to drop", told.error(),
        {{"target", way.name}, {"images", way.batch->count}}
    );
    const auto wait = backoff_after(++way.failures, kFirstBackoff, kMaxBackoff);
    CO_CHECK(co_await raise_alert(way, told.error()));
    co_return std::max<std::chrono::milliseconds>(wait, retry_after);
}

Task<Result<void>> PurgeCaches::begin_batch(Way& way) {
    const auto max_images = way.target.max_images();
    const auto max_pending = way.target.max_pending();
    const auto limit = max_pending > 0 ? kMaxAtOnce : max_images;
    CO_TRY(auto pending, co_await ports_.outbox.pending(way.name, limit));
    if (way.first != nullptr) {
        const auto due = ports_.clock.now() - kAgainAfter;
        std::erase_if(pending, [due](const PendingPurge& p) { return p.since > due; });
    }
    if (pending.empty()) co_return Result<void>{};
    Batch batch;
    auto end = pending.begin();
    std::unordered_set<std::string_view> distinct;
    for (auto it = pending.begin(); it != pending.end(); ++it) {
        const bool is_new = distinct.insert(it->image_id.value).second;
        if (distinct.size() > max_images) continue;
        if (is_new) batch.images.images.push_back(it->image_id);
        end = it + 1;
    }
    if (max_pending > 0 && distinct.size() > max_pending) {
        batch.images.images.clear();
        batch.images.is_everything = true;
        end = pending.end();
    }
    batch.count = batch.images.is_everything ? distinct.size() : batch.images.images.size();
    const auto& last = *(end - 1);
    batch.last_seq = last.seq;
    batch.since = pending.front().since;
    batch.newest = last.since;
    batch.images.reference = fmt::format(
        "pixgate-{}-{}-{}-{}-{}{}", ports_.instance_id, pending.front().seq, last.seq,
        batch.since.time_since_epoch().count(), way.name,
        batch.images.is_everything ? "-everything" : ""
    );
    way.batch = std::move(batch);
    co_return Result<void>{};
}

Task<Result<void>> PurgeCaches::note_told(Way& way) {
    const Batch& batch = *way.batch;
    CO_CHECK(co_await ports_.outbox.done(way.name, batch.last_seq, names_));
    // What was told late needs no second time: nothing of it is on its way any more.
    if (way.again != nullptr && ports_.clock.now() - batch.newest >= kAgainAfter)
        CO_CHECK(co_await ports_.outbox.done(way.again->name, batch.last_seq, names_));
    way.told.add(static_cast<double>(batch.count));
    way.batch.reset();
    co_return Result<void>{};
}

Task<Result<void>> PurgeCaches::raise_alert(Way& way, const Error& error) {
    const auto now = ports_.clock.now();
    if (now - way.batch->since < kAlertAfter) co_return Result<void>{};
    if (way.last_alert && now - *way.last_alert < kAlertAgain) co_return Result<void>{};
    way.last_alert = now;
    Alert alert;
    alert.kind = "purge_failing";
    alert.cause = std::string(name_of(error.code));
    alert.text = fmt::format(
        "Deleted pictures may still be in a cache in front ({}): {}", way.target.name(),
        error.message
    );
    const auto& images = way.batch->images.images;
    if (!images.empty()) alert.image_id = images.front().value;
    alert.at = now;
    co_return co_await ports_.alerts.raise(std::move(alert));
}

}  // namespace pixgate
