#include "flow/variant_cache.h"

#include <functional>

namespace pixgate {

VariantCache::VariantCache(std::uint64_t max_bytes, Metrics& metrics)
    : bytes_gauge_(metrics.gauge("pixgate_edge_cache_bytes", "Bytes of variants held in memory")),
      evictions_(metrics.counter(
          "pixgate_edge_cache_evictions_total", "Variants that left memory to make room"
      )) {
    for (std::size_t i = 0; i < kShards; ++i) {
        shards_.push_back(std::make_unique<Shard>(max_bytes / kShards));
    }
}

VariantCache::Shard& VariantCache::shard_of(const ImageId& id) {
    return *shards_[std::hash<std::string>()(id.value) % kShards];
}

DeliveredPtr VariantCache::find(const ImageId& id, std::string_view variant_key) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const auto* found = shard.cache.find(id.value, variant_key);
    return found == nullptr ? nullptr : *found;
}

void VariantCache::tell(std::uint64_t before, std::uint64_t after) {
    if (before != after) bytes_gauge_.add(static_cast<double>(after) - static_cast<double>(before));
}

bool VariantCache::insert(const ImageId& id, std::string_view variant_key, DeliveredPtr value) {
    constexpr std::uint64_t kOverhead = 1'024;  // node, keys, heads
    const std::uint64_t cost = value->body->size() + kOverhead;
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const auto before = shard.cache.cost();
    const auto evicted = shard.cache.evictions();
    const bool is_kept = shard.cache.insert(id.value, variant_key, std::move(value), cost);
    tell(before, shard.cache.cost());
    if (const auto n = shard.cache.evictions() - evicted; n != 0) {
        evictions_.add(static_cast<double>(n));
    }
    return is_kept;
}

void VariantCache::forget(const ImageId& id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const auto before = shard.cache.cost();
    shard.cache.erase_group(id.value);
    tell(before, shard.cache.cost());
}

std::uint64_t VariantCache::bytes() const {
    std::uint64_t total = 0;
    for (const auto& shard : shards_) {
        const std::lock_guard lock(shard->mutex);
        total += shard->cache.cost();
    }
    return total;
}

}  // namespace pixgate
