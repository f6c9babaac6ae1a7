// What the program makes of its sandbox: whether it holds, and who hears when something tried to
// break out.
#pragma once

#include "base/metrics.h"
#include "imaging/sandbox/sandbox.h"
#include "main/config.h"
#include "ports/alerts.h"

namespace pixgate {

// Lets children try to break out, logs what was let through and sets pixgate_sandbox_tight. True
// where nothing was. kUnavailable where something was and sandbox.required is on: do not start.
Result<bool> check_sandbox(
    imaging::Sandbox& sandbox, const SandboxConfig& config, Metrics& metrics
);

// An alert of kind sandbox_violation, by its reason.
Task<void> tell_of_violation(AlertLog& alerts, Error error, TimePoint now);

}  // namespace pixgate
