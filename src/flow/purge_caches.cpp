#include "flow/purge_caches.h"

#include <fmt/format.h>

#include <algorithm>

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
constexpr std::size_t kFeedBatch = 100;

}  // namespace

PurgeCaches::PurgeCaches(Ports ports)
    : ports_(std::move(ports)),
      told_(ports_.metrics.counter(
          "pixgate_purge_images_total", "Images that caches in front were told to drop"
      )),
      failed_(ports_.metrics.counter(
          "pixgate_purge_failures_total", "Calls to caches in front that failed"
      )),
      age_(ports_.metrics.gauge(
          "pixgate_purge_oldest_seconds", "How long the oldest purge has been waiting"
      )) {}

Task<void> PurgeCaches::run(StopFlag& stop) {
    for (;;) {
        std::chrono::milliseconds wait = kMaxBackoff;
        auto done = co_await round();
        if (done) {
            wait = *done;
        } else {
            log::failure(log::Level::kWarning, "purges cannot be read", done.error());
            wait = backoff_after(++failures_, kFirstBackoff, kMaxBackoff);
        }
        if (!co_await stop.sleep(wait)) co_return;
    }
}

Task<Result<std::chrono::milliseconds>> PurgeCaches::round() {
    CO_TRY(const bool has_more, co_await take_over());
    if (!batch_) CO_CHECK(co_await begin_batch());
    if (!batch_) {
        age_.set(0);
        co_return has_more ? 0ms : kIdle;
    }
    age_.set(std::chrono::duration<double>(ports_.clock.now() - batch_->since).count());
    std::chrono::seconds retry_after{0};
    const auto told = co_await tell(retry_after);
    if (!told) {
        failed_.add();
        log::failure(
            log::Level::kWarning, "a cache in front was not told what to drop", told.error(),
            {{"images", batch_->images.images.size()}}
        );
        CO_CHECK(co_await raise_alert(told.error()));
        co_return std::max<std::chrono::milliseconds>(
            backoff_after(++failures_, kFirstBackoff, kMaxBackoff), retry_after
        );
    }
    failures_ = 0;
    CO_CHECK(co_await ports_.outbox.done(batch_->last_seq));
    told_.add(static_cast<double>(batch_->images.images.size()));
    batch_.reset();
    co_return 0ms;
}

// True where the feed may hold more.
Task<Result<bool>> PurgeCaches::take_over() {
    if (!position_) {
        CO_TRY(position_, co_await ports_.outbox.position());
        if (!position_) {
            // The first time: what was deleted before was never in the cache, or is not ours to
            // know.
            CO_TRY(const auto last, co_await ports_.catalog.last_seq());
            CO_CHECK(co_await ports_.outbox.take_over({}, last, ports_.clock.now()));
            position_ = last;
        }
    }
    FeedQuery query;
    query.after = *position_;
    query.limit = kFeedBatch;
    CO_TRY(const auto entries, co_await ports_.catalog.feed(std::move(query)));
    if (entries.empty()) co_return false;
    std::vector<ImageId> images;
    for (const auto& entry : entries) {
        if (was_shown(entry.image)) images.push_back(entry.image.id);
    }
    const std::int64_t position = entries.back().seq;
    CO_CHECK(co_await ports_.outbox.take_over(std::move(images), position, ports_.clock.now()));
    position_ = position;
    co_return entries.size() == kFeedBatch;
}

Task<Result<void>> PurgeCaches::begin_batch() {
    std::size_t limit = 1'000;
    for (const auto& target : ports_.targets) limit = std::min(limit, target->max_images());
    CO_TRY(const auto pending, co_await ports_.outbox.pending(limit));
    if (pending.empty()) co_return Result<void>{};
    Batch batch;
    for (const auto& purge : pending) {
        if (std::ranges::find(batch.images.images, purge.image_id) == batch.images.images.end())
            batch.images.images.push_back(purge.image_id);
    }
    batch.images.reference = fmt::format(
        "pixgate-{}-{}-{}-{}", ports_.instance_id, pending.front().seq, pending.back().seq,
        pending.front().since.time_since_epoch().count()
    );
    batch.last_seq = pending.back().seq;
    batch.since = pending.front().since;
    batch.is_told.resize(ports_.targets.size());
    batch_ = std::move(batch);
    co_return Result<void>{};
}

Task<Result<void>> PurgeCaches::tell(std::chrono::seconds& retry_after_out) {
    Result<void> out;
    for (std::size_t i = 0; i < ports_.targets.size(); ++i) {
        if (batch_->is_told[i]) continue;
        std::chrono::seconds retry_after{0};
        auto told = co_await ports_.targets[i]->purge(batch_->images, retry_after);
        batch_->is_told[i] = told.has_value();
        if (told) continue;
        retry_after_out = std::max(retry_after_out, retry_after);
        out = std::unexpected(std::move(told).error());
    }
    co_return out;
}

Task<Result<void>> PurgeCaches::raise_alert(const Error& error) {
    const auto now = ports_.clock.now();
    if (now - batch_->since < kAlertAfter) co_return Result<void>{};
    if (last_alert_ && now - *last_alert_ < kAlertAgain) co_return Result<void>{};
    last_alert_ = now;
    Alert alert;
    alert.kind = "purge_failing";
    alert.cause = std::string(name_of(error.code));
    alert.text = "Deleted pictures may still be in a cache in front: " + error.message;
    alert.image_id = batch_->images.images.front().value;
    alert.at = now;
    co_return co_await ports_.alerts.raise(std::move(alert));
}

}  // namespace pixgate
