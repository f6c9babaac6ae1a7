// Decodes strangers' pictures in child processes that can do nothing else. A crash, a hang or a
// bomb costs one job, never the server.
//
// Protection: own process per picture, seccomp allow-list, rlimits, empty namespaces and root where
// the machine allows them, Landlock where the kernel has it, a wall clock watched from outside, and
// a parent that believes nothing a child says. Pictures that our own code encoded go to warm
// workers, which have the same protection but do many jobs.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "imaging/imaging.h"
#include "imaging/sandbox/protocol.h"
#include "imaging/sandbox/worker_pool.h"
#include "imaging/sandbox/zygote.h"

namespace pixgate::imaging {

// How the sandbox stood one hostile act.
struct ActReport {
    Act act = Act::kNothing;
    bool is_warm = false;  // in a warm worker
    bool is_blocked = false;
    std::string how;          // "policy_violation", "deadline", "errno 13", …
    std::int32_t result = 0;  // what the child said, if it lived
};

// Blocked is what a rule stopped: a forbidden call, an errno, or the clock for kSpin. Any other end
// proves nothing: a child that has become another program ends without an answer too.
ActReport judge_act(Act act, bool is_warm, const Result<ParsedReply>& result);

struct SelfTest {
    std::vector<ActReport> acts;
    bool all_blocked() const;
};

class Sandbox : public Imaging {
public:
    struct Options {
        // Of the zygote within restart_window; then no jobs until it ends.
        std::size_t max_restarts = 5;
        std::chrono::milliseconds restart_window{60'000};
        std::chrono::milliseconds zygote_limit{10'000};  // for what needs no decoding
        WorkerLimits workers{};
        std::uint64_t worker_memory_bytes = 1ULL << 30;  // a job that wants less gets its own child
        Metrics* metrics = nullptr;                      // pixgate_sandbox_*; may be null
        // A child made a forbidden call, or gave an answer that none of ours gives, whatever it was
        // doing but the self-test. Called from any thread; must not wait.
        std::function<void(const Error&)> on_violation{};
    };

    Sandbox(ZygoteProcess zygote, const Options& options);
    explicit Sandbox(ZygoteProcess zygote) : Sandbox(std::move(zygote), Options{}) {}
    ~Sandbox() override;  // kills what still runs

    Result<VerifyAnswer> verify(
        int input_fd, std::uint64_t size_bytes, const VerifyRequest& request
    ) override;
    Result<PrepareAnswer> prepare(
        int input_fd, std::uint64_t size_bytes, const PrepareRequest& request
    ) override;
    // Source::kOwn in a warm worker, if there are any; also kOverloaded while all of them are busy
    // for limits.max_wall_ms.
    Result<TransformAnswer> transform(
        int input_fd, std::uint64_t size_bytes, const TransformRequest& request
    ) override;
    Result<StripAnswer> strip_location(int input_fd, std::uint64_t size_bytes, const Limits& limits)
        override;

    // Waits until the zygote is up. kUnavailable when it is not in time or says why it cannot be.
    Result<Protections> protections(std::chrono::milliseconds limit = std::chrono::seconds(10));

    // Lets children try every act of kHostileActs, all at once, and a warm worker those that it may
    // outlive and one that it may not. Takes about a tenth of a second.
    SelfTest self_test();
    // One act under these limits: what became of the child is the answer's error, if it died.
    Result<ParsedReply> attempt(Act act, const Limits& limits);
    // The same in a warm worker, with this as input. kUnavailable where there are none.
    Result<ParsedReply> attempt_warm(Act act, const Limits& limits, std::string_view input = {});

    int zygote_pid() const;            // -1 when there is none now
    bool has_workers() const;          // or may have, when there is a job for them
    std::size_t worker_count() const;  // now

private:
    struct State;
    Result<ParsedReply> try_act(Act act, const Limits& limits);
    Result<ParsedReply> try_act_warm(Act act, const Limits& limits, std::string_view input);
    std::unique_ptr<State> state_;
};

}  // namespace pixgate::imaging
