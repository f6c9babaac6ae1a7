#include "flow/pixel_budget.h"

#include <algorithm>

namespace pixgate {

double PixelBudget::left_now(const Bucket& bucket) const {
    const double passed = std::chrono::duration<double>(clock_.steady() - bucket.at).count();
    return std::min(per_second_ * kBurstSeconds, bucket.left + passed * per_second_);
}

bool PixelBudget::take(const std::string& client, std::uint64_t pixels) {
    if (per_second_ <= 0) return true;
    const std::lock_guard lock(mutex_);
    auto found = buckets_.find(client);
    if (found == buckets_.end()) {
        if (buckets_.size() >= kMaxClients) make_room();
        const Bucket full{per_second_ * kBurstSeconds, clock_.steady()};
        found = buckets_.emplace(client, full).first;
    }
    Bucket& bucket = found->second;
    bucket.left = left_now(bucket);
    bucket.at = clock_.steady();
    if (bucket.left <= 0) return false;
    bucket.left -= static_cast<double>(pixels);
    return true;
}

std::chrono::milliseconds PixelBudget::wait_of(const std::string& client) const {
    const std::lock_guard lock(mutex_);
    const auto found = buckets_.find(client);
    if (per_second_ <= 0 || found == buckets_.end()) return {};
    const double debt = -left_now(found->second);
    if (debt < 0) return {};
    return std::chrono::milliseconds(1 + static_cast<std::int64_t>(1'000 * debt / per_second_));
}

// A full bucket says nothing that a new one would not; if none is full, someone has to go.
void PixelBudget::make_room() {
    std::erase_if(buckets_, [this](const auto& entry) {
        return left_now(entry.second) >= per_second_ * kBurstSeconds;
    });
    if (buckets_.size() >= kMaxClients) buckets_.erase(buckets_.begin());
}

}  // namespace pixgate
