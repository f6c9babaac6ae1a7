// A stored object as an open file, which is what the sandbox reads.
#pragma once

#include "base/fd.h"
#include "ports/object_store.h"

namespace pixgate {

// The store's own file where it has one, else a copy in anonymous memory. The caller holds the size
// against a limit first; more than the object announces is never taken.
//   errors  kUnavailable (longer or shorter than announced), kNoSpace, and what the body gives
Task<Result<UniqueFd>> open_as_file(ObjectReader& reader);

}  // namespace pixgate
