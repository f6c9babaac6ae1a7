// Serve: a variant of a ready image, from memory, from the variants bucket, or made on the spot in
// the sandbox. Called by roles/edge.
//
// This file decides the order and who may wait; the parts are beside it: known_images.h (what the
// catalog says), variant_cache.h, stored_variants.h, make_variant.h, single_flight.h, fair_line.h
// and pixel_budget.h.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "core/variant_look.h"
#include "flow/known_images.h"
#include "flow/make_variant.h"
#include "flow/picture_head.h"
#include "flow/variant_cache.h"
#include "ports/catalog.h"
#include "ports/leases.h"
#include "ports/object_store.h"

namespace pixgate {

struct Delivery {
    enum class From : std::uint8_t { kMemory, kBucket, kMade };
    DeliveredPtr variant;
    From from = From::kMemory;
    bool is_collapsed = false;  // another request's computation was waited for
    bool is_kept = true;        // in memory now
};

class DeliverImage {
public:
    struct Config {
        std::uint64_t memory_bytes = 256ULL << 20;  // of the memory cache
        std::size_t max_running = 2;                // transforms at once
        std::size_t max_waiting = 64;  // distinct transforms in line; over it kOverloaded
        std::chrono::milliseconds line_limit{2'000};  // in that line
        std::size_t max_waiters_per_key = 10'000;
        std::chrono::milliseconds wait_limit{10'000};        // for a computation, line included
        std::uint64_t pixels_per_second_per_client = 0;      // 0: no limit
        std::chrono::milliseconds refusal_lifetime{60'000};  // of "cannot be made"
        std::chrono::seconds stale_if_error{86'400};
        PublicCaching caching{};  // as the heads of hits say it
        // How long a variant that another process makes is looked for before it is made here.
        std::chrono::milliseconds lease_patience{3'000};
        VariantLook look{};  // that of Ports::make
    };
    struct Ports {
        Catalog& catalog;
        ObjectStore& store;
        MakeVariant make;
        Pool& imaging_pool;
        const Clock& clock;
        Metrics& metrics;
        std::function<void(std::string, Task<void>)> spawn;  // http::Loops::spawn
        Leases* leases = nullptr;  // null: no other process makes variants of this catalog
    };
    DeliverImage(Ports ports, Config config);
    ~DeliverImage();

    // The image, of any state but deleted; from memory for 2 s, so that a hot picture costs no
    // query, and longer while the catalog does not answer.
    //   errors  kNotFound (absent, deleted)
    Task<Result<FoundImage>> find(ImageId id);

    // For a hit without waiting: the ready image that is known and fresh, and its variant in
    // memory. Null where one is not there.
    std::shared_ptr<const Image> known(const ImageId& id);
    DeliveredPtr cached(const Image& image, const Transform& transform);

    // The image is ready and `transform.format` is not kAuto. One computation per key, however many
    // ask at once; a client that goes away does not end it for the others. `client` is on whose
    // account it is made; empty: on nobody's.
    //   errors  kOverloaded (line full, too slow, client's budget used up: reasons
    //           "transform_queue_full", "transform_queue_slow", "transform_slow", "rate_limited"),
    //           kCrashed, kDeadlineExceeded and kUnsupportedMedia (cannot be made: answered so for
    //           a minute without trying again), kUnavailable
    Task<Result<Delivery>> variant(
        std::shared_ptr<const Image> image, Transform transform, std::string client = {}
    );
    // When to come back after kOverloaded; never twice the same for many, so that they do not come
    // back together. At least a second.
    std::chrono::seconds retry_after(const Error& error, const std::string& client) const;

    // Replaced or changed: nothing of it stays in memory, and it is looked up again.
    void forget(const ImageId& id);
    // What was made stays right, but the catalog knows more of it now.
    void look_again(const ImageId& id);
    // Deleted: forgotten, and never found again.
    void bury(const ImageId& id);
    // Counts what was forgotten or buried: whoever gives or keeps an answer made from here reads it
    // before, and looks again or drops the answer when it has moved on.
    std::shared_ptr<const std::atomic<std::uint64_t>> forgotten() const;
    Counter& hits();  // answers from memory; whoever gives one again counts it here

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace pixgate
