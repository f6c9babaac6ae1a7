// The data directory itself: whose it is, and that its entries are on the disk.
#pragma once

#include <filesystem>

#include "base/fd.h"
#include "base/result.h"

namespace pixgate::embedded {

// A process's hold on a directory, which ends with the process, whatever way it ends. One process
// owns the directory. Others may be guests in it at the same time: they read, and keep what can be
// made again. What needs the directory for itself (a new schema, removing what a crash left over)
// is for an owner that finds no guests, and guests come in once it is done.
class DirClaim {
public:
    // Refuses a second owner. Blocks no one.
    //   errors  kFailedPrecondition (reason "locked", names the process), kNoSpace, kUnavailable
    static Result<DirClaim> as_owner(const std::filesystem::path& dir);
    // Waits up to 10 s for an owner that begins.
    //   errors  kNotFound: nothing was kept here yet; kFailedPrecondition (reason "locked")
    static Result<DirClaim> as_guest(const std::filesystem::path& dir);

    bool is_guest() const { return !owned_; }
    bool is_alone() const { return is_alone_; }
    // The owner is ready for others.
    void let_guests_in();

private:
    UniqueFd owned_;   // DIR/lock, for one
    UniqueFd guests_;  // DIR/guests, shared by guests, whole while the owner is alone
    bool is_alone_ = false;
};

// kReadOnly where it failed: nobody knows then what is on the disk.
Result<void> sync_dir(const std::filesystem::path& dir);

}  // namespace pixgate::embedded
