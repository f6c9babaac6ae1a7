#include "flow/variant_cache.h"

#include <functional>

namespace pixgate {

VariantCache::VariantCache(std::uint64_t max_bytes, Metrics& metrics)
    : max_shard_bytes_(max_bytes / kShards),
      shards_(kShards),
      bytes_gauge_(metrics.gauge("pixgate_edge_cache_bytes", "Bytes of variants held in memory")) {}

VariantCache::Shard& VariantCache::shard_of(const ImageId& id) {
    return shards_[std::hash<std::string>()(id.value) % kShards];
}

DeliveredPtr VariantCache::find(const ImageId& id, std::string_view variant_key) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const auto image = shard.by_image.find(id.value);
    if (image == shard.by_image.end()) return nullptr;
    const auto entry = image->second.find(std::string(variant_key));
    if (entry == image->second.end()) return nullptr;
    shard.order.splice(shard.order.begin(), shard.order, entry->second);
    return entry->second->value;
}

void VariantCache::insert(const ImageId& id, std::string variant_key, DeliveredPtr value) {
    constexpr std::uint64_t kOverhead = 1'024;  // node, keys, heads
    const std::uint64_t cost = value->body->size() + kOverhead;
    if (cost > max_shard_bytes_) return;
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    auto& of_image = shard.by_image[id.value];
    if (const auto old = of_image.find(variant_key); old != of_image.end()) {
        shard.bytes -= old->second->cost;
        bytes_gauge_.add(-static_cast<double>(old->second->cost));
        shard.order.erase(old->second);
        of_image.erase(old);
    }
    shard.order.push_front({id.value, variant_key, std::move(value), cost});
    of_image.emplace(std::move(variant_key), shard.order.begin());
    shard.bytes += cost;
    bytes_gauge_.add(static_cast<double>(cost));
    while (shard.bytes > max_shard_bytes_) drop(shard, std::prev(shard.order.end()));
}

void VariantCache::drop(Shard& shard, Order::iterator it) {
    const auto image = shard.by_image.find(it->id);
    image->second.erase(it->key);
    if (image->second.empty()) shard.by_image.erase(image);
    shard.bytes -= it->cost;
    bytes_gauge_.add(-static_cast<double>(it->cost));
    shard.order.erase(it);
}

void VariantCache::forget(const ImageId& id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    while (true) {
        const auto image = shard.by_image.find(id.value);
        if (image == shard.by_image.end()) return;
        drop(shard, image->second.begin()->second);
    }
}

std::uint64_t VariantCache::bytes() const {
    std::uint64_t total = 0;
    for (const Shard& shard : shards_) {
        const std::lock_guard lock(shard.mutex);
        total += shard.bytes;
    }
    return total;
}

}  // namespace pixgate
