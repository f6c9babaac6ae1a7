#include "roles/sweeper/sweeper.h"

#include "base/backoff.h"
#include "base/log.h"

namespace pixgate {

namespace {

using namespace std::chrono_literals;

Counter& finding(Metrics& metrics, const char* what) {
    return metrics.counter(
        "pixgate_sweep_findings_total", "What the sweeper did, by kind", {{"kind", what}}
    );
}

}  // namespace

Sweeper::Sweeper(Ports ports, Config config)
    : ports_(ports),
      config_(config),
      expired_(finding(ports.metrics, "expired")),
      stuck_(finding(ports.metrics, "stuck")),
      replayed_(finding(ports.metrics, "replayed")),
      removed_(finding(ports.metrics, "removed")),
      without_presets_(finding(ports.metrics, "without_presets")),
      failed_(ports.metrics.counter("pixgate_sweep_failures_total", "Rounds that failed")) {}

Task<void> Sweeper::run() {
    TaskGroup loops;
    co_await loops.start("sweep", sweep_loop());
    co_await loops.start("alerts", alert_loop());
    while (co_await stop_.sleep(1h)) {
    }
    if (co_await loops.wait_below(1, config_.stop_grace)) co_return;
    loops.cancel();
    co_await loops.wait_below(1, 10s);
}

Task<void> Sweeper::sweep_loop() {
    // A little jitter, so that several processes do not sweep in step.
    do {
        co_await sweep_once();
    } while (co_await stop_.sleep(backoff_after(1, config_.every * 4 / 3, 1h)));
}

Task<Result<void>> Sweeper::sweep_and_hold() {
    CO_TRY(const auto report, co_await ports_.sweep.run());
    expired_.add(static_cast<double>(report.expired));
    stuck_.add(static_cast<double>(report.stuck));
    replayed_.add(static_cast<double>(report.replayed));
    removed_.add(static_cast<double>(report.removed));
    if (ports_.hold_presets == nullptr) co_return Result<void>{};
    CO_TRY(const auto queued, co_await ports_.hold_presets->step());
    without_presets_.add(static_cast<double>(queued));
    co_return Result<void>{};
}

Task<void> Sweeper::sweep_once() {
    std::string what;
    try {
        const auto done = co_await sweep_and_hold();
        if (done) co_return;
        what = std::string(name_of(done.error().code)) + ": " + done.error().message;
    } catch (const std::exception& e) {
        what = e.what();
    }
    failed_.add();
    log::error("sweep failed, the next round goes on", {{"error", what}});
}

Task<void> Sweeper::alert_loop() {
    std::uint32_t failures = 0;
    for (;;) {
        const auto wait = co_await ports_.tell_alerts.run();
        if (wait) {
            failures = 0;
        } else {
            ++failures;
            log::failure(log::Level::kError, "alert log not readable", wait.error());
        }
        const auto pause = wait ? *wait : backoff_after(failures, 1s, 1min);
        if (!co_await stop_.sleep(pause)) co_return;
    }
}

}  // namespace pixgate
