// One picture in a child of its own: hand it to the zygote, watch the clock, judge the end.
#pragma once

#include "imaging/sandbox/held_child.h"

namespace pixgate::imaging {

// For what needs no decoding: the fork itself, and the end after a kill.
inline constexpr std::chrono::milliseconds kZygoteLimit{10'000};

// Sends `request` over `control` and waits until the child has ended. Errors as of Imaging;
// kUnavailable when the zygote went away or does not answer within `zygote_limit`.
Result<ParsedReply> run_job(
    int control,
    const JobRequest& request,
    const JobFds& fds,
    std::chrono::milliseconds zygote_limit = kZygoteLimit
);

}  // namespace pixgate::imaging
