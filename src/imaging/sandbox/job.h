// The parent's side of one job: hand it to the zygote, watch the clock, judge the end.
#pragma once

#include "imaging/sandbox/protocol.h"

namespace pixgate::imaging {

struct JobFds {
    int input = -1;  // read-only
    int output = -1;
};

// Sends `request` over `control` and waits until the child has ended. Errors as of Imaging;
// kUnavailable when the zygote went away or does not answer.
Result<ParsedReply> run_job(int control, const JobRequest& request, const JobFds& fds);

// What a child's end means: nothing when it ended by itself and well. From waitpid's status.
std::optional<Error> judge_end(int wait_status, bool was_killed_by_us);

}  // namespace pixgate::imaging
