// One picture in one process: maps the bytes, locks itself in, works, answers, ends.
#pragma once

#include "imaging/sandbox/lockdown.h"
#include "imaging/sandbox/protocol.h"

namespace pixgate::imaging {

struct ChildFds {
    int reply = -1;
    int input = -1;   // -1 when the request has no input
    int output = -1;  // -1 when it has no output
};

// In the forked child; never returns.
[[noreturn]] void run_child(
    const JobRequest& request, const ChildFds& fds, const Lockdown& lockdown, int parent_pid
);

}  // namespace pixgate::imaging
