// The worker's step: write what a message says into the catalog, exactly once in effect. Called by
// roles/worker.
#pragma once

#include "core/message.h"
#include "ports/catalog.h"
#include "ports/object_store.h"
#include "ports/queue.h"

namespace pixgate {

struct RegisterImage {
    Catalog& catalog;
    Queue& preset_queue;
    const Clock& clock;
    // Where a version was replaced, what was made of it is removed from here. Null, or what fails:
    // left to the sweeper.
    ObjectStore* store = nullptr;

    // Image row, history, feed and ledger in one transaction. kDuplicate and kStale are success:
    // acknowledge. Where the message wants its presets made anew, that is on the preset queue, and
    // may be there twice. errors  kNotFound (no such image: the object is nobody's), kUnavailable …
    Task<Result<Applied>> run(RegisterMessage message);

private:
    Task<Result<std::uint64_t>> clear_away(ImageId id);
};

}  // namespace pixgate
