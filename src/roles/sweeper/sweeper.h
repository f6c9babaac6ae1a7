// The sweeper: runs the housekeeping every few seconds, and says what the alert log holds. Two
// loops of their own, so that a slow alert channel delays no housekeeping. Started by main.
#pragma once

#include <chrono>

#include "base/metrics.h"
#include "base/task_group.h"
#include "flow/hold_presets.h"
#include "flow/sweep.h"
#include "flow/tell_alerts.h"

namespace pixgate {

class Sweeper {
public:
    struct Config {
        std::chrono::milliseconds every{5'000};
        std::chrono::milliseconds stop_grace{2'000};  // for a round under way
    };
    struct Ports {
        Sweep& sweep;
        TellAlerts& tell_alerts;
        Metrics& metrics;
        HoldPresets* hold_presets = nullptr;  // null: presets that images lack are left to people
    };
    Sweeper(Ports ports, Config config);

    // Until stop(). Call once.
    Task<void> run();
    void stop() { stop_.set(); }  // from any thread

private:
    Task<void> sweep_loop();
    Task<void> alert_loop();
    Task<void> sweep_once();
    Task<Result<void>> sweep_and_hold();

    Ports ports_;
    Config config_;
    StopFlag stop_;
    Counter& expired_;
    Counter& stuck_;
    Counter& replayed_;
    Counter& removed_;
    Counter& without_presets_;
    Counter& failed_;
};

}  // namespace pixgate
