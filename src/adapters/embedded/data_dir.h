// The data directory itself: whose it is, and that its entries are on the disk.
#pragma once

#include <filesystem>

#include "base/fd.h"
#include "base/result.h"

namespace pixgate::embedded {

// Held as long as the descriptor is open: the lock ends with the process, whatever way it ends; the
// file stays.
//   errors  kFailedPrecondition (reason "locked", names the process), kNoSpace, kUnavailable
Result<UniqueFd> lock_dir(const std::filesystem::path& dir);

// kReadOnly where it failed: nobody knows then what is on the disk.
Result<void> sync_dir(const std::filesystem::path& dir);

}  // namespace pixgate::embedded
