// What holds a child: built once in the zygote, put on by each child as its last act before it
// touches a stranger's bytes.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "imaging/types.h"

namespace pixgate::imaging {

// The child's only descriptor beside 0, 1 and 2, which are /dev/null.
inline constexpr int kChildReplyFd = 3;

// A worker takes further messages over its socket, and its clock is watched for each job from
// outside instead of by a limit for its life.
enum class ChildKind : std::uint8_t { kOneJob, kWorker };

class Lockdown {
public:
    // Compiles the seccomp filters and makes the Landlock rules (where the kernel has Landlock).
    static Result<Lockdown> prepare();

    int landlock_abi() const { return landlock_abi_; }

    // In the child. Order: die with the zygote, no second thread, no new privileges, not traceable,
    // Landlock, rlimits, close descriptors (Landlock's rules are one), seccomp. False when any of
    // them failed: the child must then end itself.
    bool put_on(ChildKind kind, const Limits& limits, int parent_pid) const;

private:
    Lockdown() = default;
    bool limit_resources(ChildKind kind, const Limits& limits) const;
    bool restrict_calls(ChildKind kind) const;

    std::vector<sock_filter> filter_, worker_filter_;
    UniqueFd landlock_rules_;
    int landlock_abi_ = 0;
    std::uint64_t own_address_space_bytes_ = 0;  // of the zygote, before any picture
};

// The seccomp filter as BPF.
Result<std::vector<sock_filter>> compile_call_filter(ChildKind kind);

}  // namespace pixgate::imaging
