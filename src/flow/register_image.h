// The worker's step: write what a message says into the catalog, exactly once in effect. Called by
// roles/worker.
#pragma once

#include "core/message.h"
#include "ports/catalog.h"

namespace pixgate {

struct RegisterImage {
    Catalog& catalog;
    const Clock& clock;

    // Image row, history, feed and ledger in one transaction. kDuplicate and kStale are success:
    // acknowledge. errors  kNotFound (no such image: the object is nobody's), kUnavailable …
    Task<Result<Applied>> run(RegisterMessage message);
};

}  // namespace pixgate
