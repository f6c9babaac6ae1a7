// A child that is forked before there is a job for it, so that no job waits for the fork. It has
// seen nothing of a stranger's: it holds no descriptor but its socket and Landlock's rules, takes
// one job and is from then on a child like any other.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>

#include "imaging/sandbox/child.h"

namespace pixgate::imaging {

// Forks a child with no signal blocked; pid 0 in the child, -1 where there can be none. Called by
// the zygote, which has one thread.
pid_t fork_child();

// Of a child that has not been waited for; none for -1.
UniqueFd pidfd_of(pid_t pid);

class SpareChild {
public:
    // `let_go` is called in the child: it closes what the zygote has open. Nothing where there can
    // be none.
    static std::optional<SpareChild> fork_off(
        const Lockdown& lockdown, const std::function<void()>& let_go
    );

    pid_t pid() const { return pid_; }
    UniqueFd pidfd() && { return std::move(pidfd_); }

    // False where it is gone; another child may have the job then.
    bool take_job(const JobRequest& request, const ChildFds& fds) const;

private:
    SpareChild(pid_t pid, UniqueFd socket)
        : pid_(pid), socket_(std::move(socket)), pidfd_(pidfd_of(pid)) {}

    pid_t pid_;
    UniqueFd socket_, pidfd_;
};

}  // namespace pixgate::imaging
