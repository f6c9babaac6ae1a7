// Made variants in memory, bounded by bytes and kept by use (scan_resistant_cache.h), so that a
// crawler or a row of unique URLs does not push out what is asked for all the time. Sharded by
// image, so that cores do not wait for each other and all of one image is forgotten in one place.
// Used by flow/deliver_image only.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "core/image.h"
#include "flow/scan_resistant_cache.h"

namespace pixgate {

// Encoded bytes of one variant with what an answer needs. Shared by all who ask; never changed.
struct DeliveredVariant {
    std::shared_ptr<const std::string> body;
    std::string etag;          // with quotes, strong
    std::string content_type;  // of our own encoder
    // Prebuilt answer heads of hits, made once (http::Response::prebuilt_head): for URLs that name
    // the format, and for those where Accept decides.
    std::shared_ptr<const std::string> head;
    std::shared_ptr<const std::string> head_by_accept;
};
using DeliveredPtr = std::shared_ptr<const DeliveredVariant>;

class VariantCache {
public:
    static constexpr std::size_t kShards = 16;
    // Larger ones are kept only when they are asked for a second time (attack 111).
    static constexpr std::uint64_t kSecondTimeBytes = 1ULL << 20;

    VariantCache(std::uint64_t max_bytes, Metrics& metrics);

    DeliveredPtr find(const ImageId& id, std::string_view variant_key);
    // False where it is not kept: larger than a shard's whole share, or large and new.
    bool insert(const ImageId& id, std::string_view variant_key, DeliveredPtr value);
    void forget(const ImageId& id);
    std::uint64_t bytes() const;

private:
    struct Shard {
        explicit Shard(std::uint64_t max_bytes) : cache({max_bytes, kSecondTimeBytes}) {}
        mutable std::mutex mutex;
        ScanResistantCache<DeliveredPtr> cache;
    };
    Shard& shard_of(const ImageId& id);
    void tell(std::uint64_t before, std::uint64_t after);

    std::vector<std::unique_ptr<Shard>> shards_;
    Gauge& bytes_gauge_;
    Counter& evictions_;
};

}  // namespace pixgate
