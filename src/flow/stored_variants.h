// Variants in the variants bucket: shared by all processes, kept over restarts, and disposable.
// What is damaged there counts as absent. Used by flow/deliver_image.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "core/image.h"
#include "core/variant_look.h"
#include "flow/fair_line.h"
#include "flow/scan_resistant_cache.h"
#include "ports/catalog.h"
#include "ports/object_store.h"

namespace pixgate {

// "{id}/{etag}/w=640,f=webp": two versions of one image never meet in one key.
std::string variant_object_key(
    const Image& image, const Transform& transform, const VariantLook& look
);

class StoredVariants {
public:
    static constexpr std::uint64_t kMaxBytes = 64ULL << 20;
    // Larger ones are stored when they are made a second time: unique URLs do not fill the bucket
    // with large objects (attack 111).
    static constexpr std::uint64_t kSecondTimeBytes = 1ULL << 20;

    StoredVariants(ObjectStore& store, Catalog& catalog, VariantLook look)
        : store_(store), catalog_(catalog), look_(std::move(look)) {}

    // errors  kNotFound, kCorrupt (its bytes are not what was stored), of the store
    Task<Result<std::string>> find(const Image& image, const Transform& transform);
    // Kept for other processes and restarts; without it the variant is made again, no more, so a
    // failure is only logged, as is a line of writes that is too long. Nothing stays of an image
    // that was deleted meanwhile.
    Task<void> keep(const Image& image, const Transform& transform, const std::string& bytes);

private:
    // Writing waits for the disk on the threads that readers need, too: never on all of them.
    static constexpr std::size_t kWritesAtOnce = 4;
    static constexpr std::size_t kMaxWaitingWrites = 256;
    static constexpr std::chrono::seconds kWriteLimit{10};

    bool is_worth_it(const std::string& key, std::uint64_t size_bytes);

    ObjectStore& store_;
    Catalog& catalog_;
    const VariantLook look_;
    FairLine writes_{kWritesAtOnce, kMaxWaitingWrites};
    std::mutex mutex_;
    ScanResistantCache<bool> large_made_{{10'000}};
};

}  // namespace pixgate
