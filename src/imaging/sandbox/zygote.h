// The process that children are forked from: small, single-threaded, with libvips started, no
// secret in its memory, no file and no network in reach.
#pragma once

#include <optional>

#include "base/fd.h"
#include "base/result.h"

namespace pixgate::imaging {

// The first line of main: in a process that start_zygote() made, runs the zygote to its end and
// gives the exit code; in any other, nothing.
std::optional<int> run_if_zygote(int argc, char** argv);

struct ZygoteProcess {
    int pid = -1;
    UniqueFd control;  // SOCK_SEQPACKET; the zygote ends when this is closed
};

// Starts this very program again as zygote, with an empty environment and no descriptor but the
// control socket; does not wait until it is up. Call it before secrets are read. The zygote dies
// with the calling thread.
Result<ZygoteProcess> start_zygote();

}  // namespace pixgate::imaging
