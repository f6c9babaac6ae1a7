// Serve: a variant of a ready image, from memory, from the variants bucket, or made on the spot in
// the sandbox. Called by roles/edge.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "core/transform.h"
#include "flow/variant_cache.h"
#include "imaging/types.h"
#include "ports/catalog.h"
#include "ports/object_store.h"

namespace pixgate {

struct MadeVariant {
    imaging::Refusal refusal = imaging::Refusal::kNone;
    std::string bytes;
};
// Makes one variant from the original's bytes; blocks, so it is called on a pool. In production:
// the sandbox.
//   errors  kCrashed, kDeadlineExceeded, kUnavailable
using MakeVariant = std::function<
    Result<MadeVariant>(int input_fd, std::uint64_t size_bytes, const Image&, const Transform&)>;

class DeliverImage {
public:
    struct Config {
        std::uint64_t memory_bytes = 256ULL << 20;  // of the memory cache
        std::size_t max_running = 2;                // transforms at once
        std::size_t max_waiting = 64;  // distinct transforms in line; over it kOverloaded
        std::size_t max_waiters_per_key = 1'000;
        std::chrono::milliseconds wait_limit{10'000};
        std::uint32_t max_age_seconds = 86'400;  // Cache-Control of public pictures
    };
    struct Ports {
        Catalog& catalog;
        ObjectStore& store;
        MakeVariant make;
        Pool& imaging_pool;
        const Clock& clock;
        Metrics& metrics;
        std::function<void(std::string, Task<void>)> spawn;  // http::Loops::spawn
    };
    DeliverImage(Ports ports, Config config);
    ~DeliverImage();

    // The ready image, from a cache of 2 s, so that a hot picture costs no query.
    //   errors  kNotFound (absent, deleted, not ready)
    Task<Result<std::shared_ptr<const Image>>> find(ImageId id);

    // `transform.format` is not kAuto here. One computation per key, however many ask at once; a
    // client that goes away does not end it for the others.
    //   errors  kOverloaded (queue full, too slow), kCrashed, kUnsupportedMedia (cannot be
    //   decoded), kUnavailable
    Task<Result<DeliveredPtr>> variant(std::shared_ptr<const Image> image, Transform transform);

    // Only from memory, without waiting; null where it is not there.
    DeliveredPtr cached(const Image& image, const Transform& transform);

    // Deleted or replaced: nothing of it stays in memory.
    void forget(const ImageId& id);
    // Counts calls of forget(): whoever keeps an answer made from here reads it before, and drops
    // the answer when it has moved on.
    std::shared_ptr<const std::atomic<std::uint64_t>> forgotten() const;
    Counter& hits();  // answers from memory; whoever gives one again counts it here

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace pixgate
