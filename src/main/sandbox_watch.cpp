#include "main/sandbox_watch.h"

#include "base/log.h"

namespace pixgate {

Result<bool> check_sandbox(
    imaging::Sandbox& sandbox, const SandboxConfig& config, Metrics& metrics
) {
    const auto test = sandbox.self_test();
    for (const auto& act : test.acts) {
        if (!act.is_blocked)
            log::error(
                "the sandbox lets a hostile act pass", {{"act", imaging::name_of(act.act)},
                                                        {"in", act.is_warm ? "worker" : "child"},
                                                        {"how", act.how}}
            );
    }
    const bool is_tight = test.all_blocked();
    metrics.gauge("pixgate_sandbox_tight", "1 where the self-test at the start found nothing, or 0")
        .set(is_tight ? 1 : 0);
    if (is_tight) return true;
    if (!config.required) {
        log::warning("the sandbox is not tight; going on because sandbox.required is off");
        return false;
    }
    return fail(
        Errc::kUnavailable,
        "the sandbox for pictures does not hold on this machine, so no uploads are taken. It needs "
        "a kernel with seccomp "
        "filters and process descriptors (Linux 5.4 or newer); see docs/operations.md. "
        "sandbox.required = false starts "
        "all the same, at your own risk."
    );
}

Task<void> tell_of_violation(AlertLog& alerts, Error error, TimePoint now) {
    Alert alert{
        .kind = "sandbox_violation",
        .cause = error.reason,
        .text = std::move(error.message),
        .image_id = {},
        .at = now
    };
    const auto raised = co_await alerts.raise(std::move(alert));
    if (!raised)
        log::failure(
            log::Level::kError, "a violation of the sandbox cannot be told", raised.error()
        );
}

}  // namespace pixgate
