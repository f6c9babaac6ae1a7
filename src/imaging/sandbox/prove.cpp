// What the sandbox proves of itself before the first picture is taken.
#include <algorithm>
#include <array>
#include <thread>

#include "imaging/sandbox/sandbox.h"

namespace pixgate::imaging {
namespace {

constexpr std::uint32_t kSpinMs = 50;
constexpr std::uint32_t kActMs = 5'000;  // one that is still not over then was not stopped
// Those that end in an error leave the worker alive for the next one; the last one kills it.
constexpr std::array kActsOfWorker{
    Act::kReadFile, Act::kWriteFile, Act::kKillOther, Act::kTakeMemory, Act::kOpenSocket,
};

Limits limits_for(Act act) {
    Limits limits;
    limits.max_wall_ms = act == Act::kSpin ? kSpinMs : kActMs;
    return limits;
}

bool can_be_tried([[maybe_unused]] Act act) {
#ifdef PIXGATE_SANITIZED
    return act != Act::kTakeMemory;  // the memory limit is off in these builds
#else
    return true;
#endif
}

}  // namespace

ActReport judge_act(Act act, bool is_warm, const Result<ParsedReply>& result) {
    ActReport report;
    report.act = act;
    report.is_warm = is_warm;
    if (result) {
        report.result = result->act_result;
        report.is_blocked = result->act_result != 0;
        report.how = report.is_blocked ? "errno " + std::to_string(result->act_result) : "done";
        return report;
    }
    const Error& error = result.error();
    report.how = error.reason;
    report.is_blocked = error.reason == "policy_violation" ||
                        (error.code == Errc::kDeadlineExceeded && act == Act::kSpin);
    return report;
}

bool SelfTest::all_blocked() const {
    return !acts.empty() && std::ranges::all_of(acts, &ActReport::is_blocked);
}

SelfTest Sandbox::self_test() {
    // Each has its own place, so that nothing is shared between the threads.
    std::vector<ActReport> cold(kHostileActs.size()), warm;
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < kHostileActs.size(); ++i) {
            const Act act = kHostileActs.at(i);
            if (!can_be_tried(act)) continue;
            threads.emplace_back([this, act, &report = cold[i]] {
                report = judge_act(act, false, try_act(act, limits_for(act)));
            });
        }
        for (const Act act : kActsOfWorker) {
            if (has_workers() && can_be_tried(act))
                warm.push_back(judge_act(act, true, try_act_warm(act, limits_for(act), {})));
        }
    }
    SelfTest test;
    for (auto* reports : {&cold, &warm})
        for (ActReport& report : *reports)
            if (report.act != Act::kNothing) test.acts.push_back(std::move(report));
    return test;
}

}  // namespace pixgate::imaging
