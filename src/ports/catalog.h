// The database of images. Every change of an image goes through apply(): one transaction for the
// row, its history, its variants, the change feed and the ledger of processed events. Adapters:
// memory, embedded. Contract: tests/conformance/catalog_suite.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "core/image_change.h"

namespace pixgate {

struct NewImage {
    Image image;                  // state pending
    std::string caller_id;        // who asked: quota
    std::string idempotency_key;  // empty: none. Scope: caller_id
    std::string request_hash;     // hex SHA-256 of the request; same key with another hash:
                                  // kFailedPrecondition with reason "idempotency_key_reused"
    std::uint32_t max_open = 0;   // pending images of this caller at most (0: no limit):
                                  // kOverloaded, reason "open_uploads"
};
struct Created {
    Image image;
    bool is_replay = false;  // the idempotency key was used before: this is that image
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
    // The pending row with its first history entry. The feed does not tell of it.
    //   errors  kFailedPrecondition and kOverloaded as in NewImage, kAlreadyExists (the id)
    virtual Task<Result<Created>> create(NewImage image) = 0;
    // kNotFound; deleted images are kNotFound too.
    virtual Task<Result<Image>> find(ImageId id) = 0;
    // Without deleted ones, by id: ids sort by time. kInvalidArgument: not a cursor of ours.
    virtual Task<Result<ImagePage>> list(ImageQuery query) = 0;
    // By the rules of core/image_change.h. kNotFound: no such image.
    virtual Task<Result<Applied>> apply(Change change) = 0;
    // Entries after `after`, oldest first; waits up to `wait` for the first. Old entries are
    // dropped after some 100,000: whoever asks for older ones gets the oldest that are left.
    virtual Task<Result<std::vector<FeedEntry>>> feed(FeedQuery query) = 0;
    virtual Task<Result<std::int64_t>> last_seq() = 0;  // 0 where nothing happened yet
    // Oldest first.
    virtual Task<Result<std::vector<Image>>> due(DueQuery query) = 0;
};

}  // namespace pixgate
