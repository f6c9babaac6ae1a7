#include "flow/follow_changes.h"

#include "base/backoff.h"
#include "base/log.h"
#include "flow/cache_effect.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;
constexpr auto kReadWait = 500ms;  // how soon the flag is seen

}  // namespace

FollowChanges::FollowChanges(Catalog& catalog, DeliverImage& deliver, Metrics& metrics)
    : catalog_(catalog),
      deliver_(deliver),
      dropped_(metrics.counter(
          "pixgate_edge_dropped_total", "Images dropped from memory: deleted, replaced, withdrawn"
      )) {}

Task<void> FollowChanges::run(StopFlag& stop) {
    std::uint32_t failures = 0;
    while (!stop.is_set()) {
        const auto followed = co_await step(kReadWait);
        if (followed) {
            failures = 0;
            continue;
        }
        log::failure(log::Level::kWarning, "the change feed cannot be read", followed.error());
        if (!co_await stop.sleep(backoff_after(++failures, 100ms, 5s))) break;
    }
}

Task<Result<std::size_t>> FollowChanges::step(std::chrono::milliseconds wait) {
    if (!position_) {
        CO_TRY(position_, co_await catalog_.last_seq());
        co_return std::size_t{0};
    }
    FeedQuery query;
    query.after = *position_;
    query.wait = wait;
    CO_TRY(const auto entries, co_await catalog_.feed(std::move(query)));
    for (const auto& entry : entries) {
        switch (cache_effect_of(entry.image)) {
            case CacheEffect::kGone:
                deliver_.bury(entry.image.id);
                dropped_.add();
                break;
            case CacheEffect::kDrop:
                deliver_.forget(entry.image.id);
                dropped_.add();
                break;
            case CacheEffect::kLookAgain:
                deliver_.look_again(entry.image.id);
                break;
        }
        position_ = entry.seq;
    }
    co_return entries.size();
}

}  // namespace pixgate
