// The function: an object was stored. Looks at the bytes in the sandbox and puts the verdict on the
// queue; or, for objects of no image, says so. Called by roles/function for each record of an
// event.
#pragma once

#include "core/storage_event.h"
#include "flow/issue_upload.h"
#include "imaging/sandbox/sandbox.h"
#include "ports/alerts.h"
#include "ports/object_store.h"
#include "ports/queue.h"

namespace pixgate {

struct OnStored {
    ObjectStore& store;
    Queue& queue;
    Catalog& catalog;
    AlertLog& alerts;
    imaging::Sandbox& sandbox;
    Pool& imaging_pool;    // sandbox calls block
    UploadSigner& signer;  // for the object's URL
    const Policies& policies;
    const Clock& clock;

    // ok: a message is on the queue, or there was nothing to do (other bucket, object or image
    // gone, removal). A child that crashes or hangs is tried once more in a fresh child, then the
    // verdict is `quarantined`. errors: what may pass (the host retries): kUnavailable,
    // kDeadlineExceeded, kOverloaded, kInternal …
    Task<Result<void>> run(StorageEvent event);
};

}  // namespace pixgate
