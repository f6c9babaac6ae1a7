// The only place that knows which adapter is used: builds the parts in order, runs them, takes them
// down in order.
#pragma once

#include "imaging/sandbox/zygote.h"
#include "main/config.h"

namespace pixgate {

// `pixgate serve`: until SIGTERM or SIGINT. The zygote was started before `config` held secrets.
// Returns the exit code: 0 stopped in order, 1 could not start (said on standard error, with the
// way out).
int serve(const Config& config, imaging::ZygoteProcess zygote);

}  // namespace pixgate
