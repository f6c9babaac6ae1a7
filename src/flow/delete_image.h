// Remove an image everywhere: the row first (so that nothing serves it), then original, thumbnails,
// variants.
#pragma once

#include "core/caller.h"
#include "ports/catalog.h"
#include "ports/object_store.h"

namespace pixgate {

struct DeleteImage {
    Catalog& catalog;
    ObjectStore& store;
    const Clock& clock;
    std::function<void(const ImageId&)> forget;  // edge caches drop what they hold

    // errors  kNotFound (absent, or another owner's), kPermissionDenied, kUnavailable. Twice:
    // kNotFound.
    Task<Result<void>> run(Caller caller, ImageId id);
    // The objects of one image, gone from both buckets. Also for expiry.
    Task<Result<void>> remove_objects(const ImageId& id);
};

}  // namespace pixgate
