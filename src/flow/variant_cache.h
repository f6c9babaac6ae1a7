// Made variants in memory, bounded by bytes: least recently used go first. Sharded by image, so
// that cores do not wait for each other and all of one image is forgotten in one place. Used by
// flow/deliver_image only.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "core/image.h"

namespace pixgate {

// Encoded bytes of one variant with what an answer needs. Shared by all who ask; never changed.
struct DeliveredVariant {
    std::shared_ptr<const std::string> body;
    std::string etag;          // with quotes, strong
    std::string content_type;  // of our own encoder
    // Prebuilt answer heads, made once (http::Response::prebuilt_head): for URLs that name the
    // format, and for those where Accept decides. Null where the answer is put together each time
    // (private pictures).
    std::shared_ptr<const std::string> head;
    std::shared_ptr<const std::string> head_by_accept;
};
using DeliveredPtr = std::shared_ptr<const DeliveredVariant>;

class VariantCache {
public:
    VariantCache(std::uint64_t max_bytes, Metrics& metrics);

    DeliveredPtr find(const ImageId& id, std::string_view variant_key);
    // Larger than a shard's whole share: not kept.
    void insert(const ImageId& id, std::string variant_key, DeliveredPtr value);
    void forget(const ImageId& id);
    std::uint64_t bytes() const;

private:
    struct Entry {
        std::string id;
        std::string key;
        DeliveredPtr value;
        std::uint64_t cost = 0;
    };
    using Order = std::list<Entry>;  // most recent first
    struct Shard {
        mutable std::mutex mutex;
        Order order;
        std::unordered_map<std::string, std::unordered_map<std::string, Order::iterator>> by_image;
        std::uint64_t bytes = 0;
    };
    Shard& shard_of(const ImageId& id);
    void drop(Shard& shard, Order::iterator it);

    static constexpr std::size_t kShards = 16;
    std::uint64_t max_shard_bytes_;
    std::vector<Shard> shards_;
    Gauge& bytes_gauge_;
};

}  // namespace pixgate
