// Caches in front of the edge (CDNs, proxies) that have to drop what was deleted. PurgeOutbox keeps
// what is still to be dropped over restarts (adapters: memory, embedded; contract:
// tests/conformance/purge_outbox_suite.h); PurgeTarget is one such cache (adapters: cloudfront,
// http_purge). flow/purge_caches.h brings them together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "core/image.h"

namespace pixgate {

struct PendingPurge {
    std::int64_t seq = 0;  // given by the outbox, never twice
    ImageId image_id;
    TimePoint since;
};

class PurgeOutbox {
public:
    virtual ~PurgeOutbox() = default;
    // How far the catalog's change feed was taken over; nullopt: never yet.
    virtual Task<Result<std::optional<std::int64_t>>> position() = 0;
    // Adds the images (maybe none) and moves on, in one transaction.
    virtual Task<Result<void>> take_over(
        std::vector<ImageId> images, std::int64_t position, TimePoint at
    ) = 0;
    // What `target` was not told yet, oldest first. A target that was never heard of was told
    // nothing.
    virtual Task<Result<std::vector<PendingPurge>>> pending(
        std::string target, std::size_t limit
    ) = 0;
    // `target` was told all up to there; twice is harmless. What each of `all_targets` was told is
    // kept no longer.
    virtual Task<Result<void>> done(
        std::string target, std::int64_t up_to_seq, std::vector<std::string> all_targets
    ) = 0;
};

struct PurgeBatch {
    std::string reference;  // of these images in this order: the same on every retry
    std::vector<ImageId> images;
    bool is_everything = false;  // all that the cache keeps of us, in place of `images`
};

class PurgeTarget {
public:
    virtual ~PurgeTarget() = default;
    // Taken by the cache: it serves nothing of these images any more, or soon. Twice is harmless.
    //   errors  kOverloaded (retry later, `retry_after_out` is set), kUnavailable,
    //           kDeadlineExceeded (retry), kPermissionDenied, kInvalidArgument (what was configured
    //           does not work; retried, too, as someone may set it right over there)
    virtual Task<Result<void>> purge(
        const PurgeBatch& batch, std::chrono::seconds& retry_after_out
    ) = 0;
    virtual std::size_t max_images() const = 0;  // of one batch
    // When more images than this wait, it is told to drop everything. 0: it cannot do that.
    virtual std::size_t max_pending() const { return 0; }
    virtual std::string_view name() const = 0;
};

}  // namespace pixgate
