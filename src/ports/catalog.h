// The database of images. Every change of an image goes through apply(): one transaction for the
// row, its history, its variants, the change feed and the ledger of processed events. Adapters:
// memory, embedded. Contract: tests/conformance/catalog_suite.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "core/image.h"
#include "core/storage_event.h"

namespace pixgate {

struct NewImage {
    Image image;                  // state pending
    std::string caller_id;        // who asked: quota
    std::string idempotency_key;  // empty: none. Scope: caller_id
    std::string request_hash;     // hex SHA-256 of the request; same key with another hash:
                               // kFailedPrecondition with reason "idempotency_key_reused"
    std::uint32_t max_open = 0;  // pending images of this caller at most (0: no limit):
                                 // kOverloaded, reason "open_uploads"
};
struct Created {
    Image image;
    bool is_replay = false;  // the idempotency key was used before: this is that image
};

// One change to one image.
struct Change {
    ImageId id;
    ImageState to = ImageState::kReady;  // ignored where `variant` is set
    std::string reason;
    TimePoint at;
    std::optional<TimePoint>
        stored_at;  // also write a "stored" history entry with this time, if not there yet
    // The object version that caused this: the effect happens once per (bucket, key, etag,
    // sequencer), and never after a newer one of the same bucket and key. Absent: expiry, deletion
    // by call.
    std::optional<StorageEvent> event;
    // Facts, where a verdict brings them:
    std::string content_type;
    std::uint64_t size_bytes = 0;
    std::string sha256;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t frames = 1;
    std::optional<Variant> variant;  // add or replace a variant instead of changing the state
    std::optional<ImageState>
        only_from;  // apply only where the image is in this state: else kSkipped
};
enum class Applied : std::uint8_t {
    kDone,
    kDuplicate,  // this event had its effect before
    kStale,      // a newer event of this object had its effect before
    kSkipped,    // the state does not allow it (deleted, only_from): nothing to do
};

struct ImageQuery {
    std::optional<std::string> owner;  // absent: all owners
    std::optional<ImageState> state;
    std::string cursor;  // from the page before; empty: newest first from the start
    std::size_t limit = 50;
};
struct ImagePage {
    std::vector<Image> images;  // newest first
    std::string next_cursor;    // empty at the end
};

// One line of the change feed.
struct FeedEntry {
    std::int64_t seq = 0;
    Image image;  // as it was right after the change
};
struct FeedQuery {
    std::int64_t after = 0;
    std::optional<std::string> owner;
    std::optional<ImageId> image_id;
    std::size_t limit = 100;
    std::chrono::milliseconds wait{0};  // for the first entry
};

struct DueQuery {
    ImageState state = ImageState::kPending;
    TimePoint before;  // pending: expires_at before this; others: the last change before this
    std::size_t limit = 100;
};

class Catalog {
public:
    virtual ~Catalog() = default;
    virtual Task<Result<Created>> create(NewImage image) = 0;
    virtual Task<Result<Image>> find(ImageId id
    ) = 0;  // kNotFound; deleted images are kNotFound too
    virtual Task<Result<ImagePage>> list(ImageQuery query) = 0;  // without deleted ones
    virtual Task<Result<Applied>> apply(Change change) = 0;      // kNotFound: no such image
    virtual Task<Result<std::vector<FeedEntry>>> feed(FeedQuery query) = 0;
    virtual Task<Result<std::int64_t>> last_seq() = 0;
    virtual Task<Result<std::vector<Image>>> due(DueQuery query) = 0;
};

}  // namespace pixgate
