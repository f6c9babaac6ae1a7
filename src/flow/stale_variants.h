// What is left in the variants bucket of versions of an original that are not shown any more. Used
// where a version was replaced (register_image.h) and by the sweeper, for what that missed.
#pragma once

#include <cstdint>
#include <vector>

#include "core/image.h"
#include "ports/object_store.h"

namespace pixgate {

// Of these objects of the bucket, which are the image's, removes those that belong to no version
// that is shown or may yet be: the image's own, and the one that is in the store, whose verdict may
// be on its way. Leaves alone what the image's row names, and images without a verdict. How many
// went.
//   errors  of the store
//   twice   safe
Task<Result<std::uint64_t>> remove_stale_variants(
    ObjectStore& store, const Image& image, const std::vector<ObjectInfo>& objects
);

// The same of all objects of the image.
Task<Result<std::uint64_t>> remove_stale_variants(ObjectStore& store, const Image& image);

}  // namespace pixgate
