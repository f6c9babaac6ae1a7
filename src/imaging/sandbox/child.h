// What a child of the zygote does. With one picture: maps the bytes, locks itself in, works,
// answers, ends. As a warm worker: locks itself in, then takes, answers and forgets one job after
// the other.
#pragma once

#include <optional>

#include "imaging/sandbox/lockdown.h"
#include "imaging/sandbox/protocol.h"

namespace pixgate::imaging {

struct ChildFds {
    int reply = -1;
    int input = -1;   // -1 when the request has no input
    int output = -1;  // -1 when it has no output
};

// What `message` brought for this request: the reply socket first, input and output from `next` on.
// Nothing where their number is wrong.
std::optional<ChildFds> fds_of(const JobRequest& request, const Message& message, std::size_t next);

// In the forked child; neither ever returns.
[[noreturn]] void run_child(
    const JobRequest& request, const ChildFds& fds, const Lockdown& lockdown, int parent_pid
);
[[noreturn]] void run_worker(
    const JobRequest& request, const ChildFds& fds, const Lockdown& lockdown, int parent_pid
);

}  // namespace pixgate::imaging
