// A stored object as an open file, which is what the sandbox reads, and a file as a body.
#pragma once

#include "base/fd.h"
#include "ports/object_store.h"

namespace pixgate {

// The store's own file where it has one, else a copy in anonymous memory. The caller holds the size
// against a limit first; more than the object announces is never taken.
//   errors  kUnavailable (longer or shorter than announced), kNoSpace, and what the body gives
Task<Result<UniqueFd>> open_as_file(ObjectReader& reader);

// The other way: the first `size_bytes` bytes of a file in anonymous memory, to be stored. The body
// gives kUnavailable where there are fewer.
std::unique_ptr<BodySource> make_file_body(UniqueFd file, std::uint64_t size_bytes);

}  // namespace pixgate
