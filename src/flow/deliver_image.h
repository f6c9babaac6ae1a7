// Serve: a variant of a ready image, from memory, from the variants bucket, or made on the spot in
// the sandbox. Called by roles/edge.
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "core/transform.h"
#include "imaging/sandbox/sandbox.h"
#include "ports/catalog.h"
#include "ports/object_store.h"

namespace pixgate {

// Encoded bytes of one variant with what an answer needs. Shared by all who ask; never changed.
struct DeliveredVariant {
    std::shared_ptr<const std::string> body;
    std::shared_ptr<const std::string>
        head;          // prebuilt response head (see http::Response::prebuilt_head)
    std::string etag;  // with quotes, strong
    std::string content_type;
    TimePoint made_at;
};
using DeliveredPtr = std::shared_ptr<const DeliveredVariant>;

class DeliverImage {
public:
    struct Config {
        std::uint64_t memory_bytes = 256ULL << 20;  // of the memory cache
        std::size_t max_running = 2;                // transforms at once
        std::size_t max_waiting = 64;  // distinct transforms in line; over it kOverloaded
        std::size_t max_waiters_per_key = 1'000;
        std::chrono::milliseconds wait_limit{10'000};
    };
    struct Ports {
        Catalog& catalog;
        ObjectStore& store;
        imaging::Sandbox& sandbox;
        Pool& imaging_pool;
        Pool& blocking_pool;
        const Clock& clock;
        Metrics& metrics;
    };
    DeliverImage(Ports ports, Config config);
    ~DeliverImage();

    // The image as the edge sees it: from a small cache of 2 s, so that a hot picture costs no
    // query.
    //   errors  kNotFound (absent, deleted, not ready)
    Task<Result<std::shared_ptr<const Image>>> find(ImageId id);

    // `transform.format` is not kAuto here. One computation per key, however many ask at once; a
    // client that goes away does not end it for the others.
    //   errors  kOverloaded (queue full), kCrashed, kUnsupportedMedia (cannot be decoded),
    //   kUnavailable
    Task<Result<DeliveredPtr>> variant(std::shared_ptr<const Image> image, Transform transform);

    // Only from memory, without waiting; null where it is not there.
    DeliveredPtr cached(const Image& image, const Transform& transform);

    // Deleted or replaced: nothing of it stays in memory.
    void forget(const ImageId& id);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace pixgate
