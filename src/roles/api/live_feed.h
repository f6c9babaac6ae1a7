// The catalog's change feed for many listeners: one reader keeps the newest entries in memory,
// streams read from there, so that a change costs one query and not one per listener. Who comes
// back after a while reads what he missed from the catalog.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/task_group.h"
#include "ports/catalog.h"

namespace pixgate::roles {

class LiveFeed {
public:
    using EntryPtr = std::shared_ptr<const FeedEntry>;
    struct Filter {
        std::optional<std::string> owner;  // absent: all
        std::optional<ImageId> image_id;
    };
    struct Batch {
        std::vector<EntryPtr> entries;  // oldest first
        std::int64_t position = 0;      // ask for what comes after this
        bool is_stopped = false;
    };

    explicit LiveFeed(Catalog& catalog) : catalog_(catalog) {}

    // The one reader, for the background. Before it runs, batches come from the catalog.
    Task<void> run(StopFlag& stop);
    // Streams end at once: before the server waits for answers under way.
    void stop();

    // Entries after `after` that pass the filter, 100 at most; waits up to `wait` for the first.
    Task<Result<Batch>> next(Filter filter, std::int64_t after, std::chrono::milliseconds wait);
    Task<Result<std::int64_t>> last_seq() { return catalog_.last_seq(); }

private:
    static constexpr std::size_t kKept = 1'024;
    static constexpr std::size_t kBatch = 100;

    // From memory; nullopt where `after` is older than what is kept.
    std::optional<Batch> from_memory(const Filter& filter, std::int64_t after) const;
    Task<Result<Batch>> from_catalog(Filter filter, std::int64_t after);
    void keep(std::vector<FeedEntry> entries);

    Catalog& catalog_;
    mutable std::mutex mutex_;
    bool is_running_ = false;
    bool is_stopped_ = false;
    std::int64_t floor_ = 0;  // all entries after this one are in kept_
    std::int64_t last_ = 0;
    std::deque<EntryPtr> kept_;
    Signal changed_;
};

}  // namespace pixgate::roles
