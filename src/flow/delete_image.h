// Remove an image everywhere: the row first (so that nothing serves it), then original, thumbnails,
// variants.
#pragma once

#include <functional>

#include "core/caller.h"
#include "ports/catalog.h"
#include "ports/object_store.h"

namespace pixgate {

// True where the image existed and was deleted; false where it is there or was never known. Changes
// nothing.
Task<Result<bool>> was_deleted(Catalog& catalog, ImageId id, TimePoint now);

struct DeleteImage {
    Catalog& catalog;
    ObjectStore& store;
    const Clock& clock;
    std::function<void(const ImageId&)> forget;  // edge caches drop what they hold, for good

    // errors  kNotFound (absent, or another owner's), kPermissionDenied, kUnavailable. Twice:
    // kNotFound.
    Task<Result<void>> run(Caller caller, ImageId id);
    // The objects of one image, gone from both buckets. Also for expiry.
    Task<Result<void>> remove_objects(const ImageId& id);
};

}  // namespace pixgate
