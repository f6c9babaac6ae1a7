#include "roles/api/rate_limit.h"

#include <algorithm>
#include <cmath>

namespace pixgate::roles {

std::optional<std::chrono::seconds> RateLimiter::take(const std::string& caller, Rate rate) {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.steady();
    auto found = buckets_.find(caller);
    if (found == buckets_.end()) {
        if (buckets_.size() >= kMaxCallers) make_room();
        found = buckets_.emplace(caller, Bucket{rate.burst, now}).first;
    }
    Bucket& bucket = found->second;
    const double passed = std::chrono::duration<double>(now - bucket.at).count();
    bucket.tokens = std::min(rate.burst, bucket.tokens + passed * rate.per_second);
    bucket.at = now;
    if (bucket.tokens >= 1) {
        bucket.tokens -= 1;
        return std::nullopt;
    }
    const double wait = (1 - bucket.tokens) / rate.per_second;
    return std::chrono::seconds(std::max<std::int64_t>(1, std::llround(std::ceil(wait))));
}

// Who has not asked for a minute starts anew; if all did, someone has to.
void RateLimiter::make_room() {
    const auto limit = clock_.steady() - std::chrono::minutes(1);
    std::erase_if(buckets_, [&](const auto& entry) { return entry.second.at < limit; });
    if (buckets_.size() >= kMaxCallers) buckets_.erase(buckets_.begin());
}

std::shared_ptr<void> StreamSlots::take(const std::string& caller) {
    const std::lock_guard lock(state_->mutex);
    if (state_->total >= state_->max) return nullptr;
    auto& mine = state_->by_caller[caller];
    if (mine >= state_->max_per_caller) return nullptr;
    ++mine;
    ++state_->total;
    const auto give_back = [state = state_, caller](void*) {
        const std::lock_guard inner(state->mutex);
        --state->total;
        if (--state->by_caller[caller] == 0) state->by_caller.erase(caller);
    };
    return {static_cast<void*>(state_.get()), give_back};
}

}  // namespace pixgate::roles
