// The worker's step: write what a message says into the catalog, exactly once in effect. Called by
// roles/worker.
#pragma once

#include "core/message.h"
#include "ports/catalog.h"
#include "ports/queue.h"

namespace pixgate {

struct RegisterImage {
    Catalog& catalog;
    Queue& preset_queue;
    const Clock& clock;

    // Image row, history, feed and ledger in one transaction. kDuplicate and kStale are success:
    // acknowledge. Where the message wants its presets made anew, that is on the preset queue, and
    // may be there twice. errors  kNotFound (no such image: the object is nobody's), kUnavailable …
    Task<Result<Applied>> run(RegisterMessage message);
};

}  // namespace pixgate
