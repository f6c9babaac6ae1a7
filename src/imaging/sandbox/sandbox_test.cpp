#include "imaging/sandbox/sandbox.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/pictures.h"
#include "tests/support/sandboxes.h"

namespace pixgate::imaging {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<Sandbox> make_sandbox(const Sandbox::Options& options = {}) {
    auto zygote = start_zygote();
    if (!zygote) throw std::runtime_error(zygote.error().message);
    return std::make_unique<Sandbox>(*std::move(zygote), options);
}

Limits quick_limits() {
    Limits limits;
    limits.max_wall_ms = 300;
    limits.max_memory_bytes = 128 << 20;
    return limits;
}

std::string reason_of(Sandbox& sandbox, Act act) {
    Limits limits = quick_limits();
    // What ends by itself has time for it, also on a machine that is busy with other things.
    if (act != Act::kSpin) limits.max_wall_ms = 20'000;
    const auto result = sandbox.attempt(act, limits);
    return result ? "alive" : result.error().reason;
}

template <class Condition>
bool becomes_true(Condition condition, seconds limit = seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
}

TEST(Sandbox, HasAtLeastItsFloorInForce) {
    const auto protections = test::sandbox().protections();
    ASSERT_TRUE(protections.has_value()) << protections.error().message;
    EXPECT_TRUE(protections->seccomp);
#ifndef PIXGATE_SANITIZED
    EXPECT_TRUE(protections->memory_limit);
#endif
}

TEST(Sandbox, StopsEveryHostileAct) {
    const SelfTest self_test = test::sandbox().self_test();
    for (const auto& act : self_test.acts)
        EXPECT_TRUE(act.is_blocked) << name_of(act.act) << ": " << act.how;
    EXPECT_TRUE(self_test.all_blocked());
    EXPECT_TRUE(std::ranges::any_of(self_test.acts, &ActReport::is_warm));
}

TEST(Sandbox, TakesOnlyARuleForWhatStoppedAnAct) {
    const auto is_blocked = [](Act act, const Result<ParsedReply>& result) {
        return judge_act(act, false, result).is_blocked;
    };
    const auto died = [](std::string reason) {
        return fail(Errc::kCrashed, "", std::move(reason));
    };
    EXPECT_TRUE(is_blocked(Act::kFork, died("policy_violation")));
    ParsedReply refused;
    refused.act_result = EPERM;
    EXPECT_TRUE(is_blocked(Act::kFork, refused));
    EXPECT_FALSE(is_blocked(Act::kFork, ParsedReply{}));
    for (const char* reason : {"bad_reply", "signal_11", "out_of_memory", "exit_1"})
        EXPECT_FALSE(is_blocked(Act::kRunProgram, died(reason))) << reason;
    const auto late = fail(Errc::kDeadlineExceeded, "", "too_slow");
    EXPECT_TRUE(is_blocked(Act::kSpin, late));
    EXPECT_FALSE(is_blocked(Act::kFork, late));
}

#ifdef PIXGATE_FAILPOINTS
TEST(Sandbox, ItsSelfTestSeesEveryActThatIsLetThrough) {
    ::setenv("PIXGATE_FAILPOINTS", "sandbox.lockdown=skip", 1);
    auto zygote = start_zygote();
    ::unsetenv("PIXGATE_FAILPOINTS");
    ASSERT_TRUE(zygote.has_value());
    Sandbox::Options options;
    options.workers.max_workers = 1;
    Sandbox open(*std::move(zygote), options);
    const SelfTest self_test = open.self_test();
    EXPECT_FALSE(self_test.all_blocked());
    EXPECT_TRUE(std::ranges::any_of(self_test.acts, &ActReport::is_warm));
    for (const auto& act : self_test.acts) {
        // The clock is outside of the child, and still there.
        EXPECT_EQ(act.is_blocked, act.act == Act::kSpin) << name_of(act.act) << ": " << act.how;
    }
}
#endif

TEST(Sandbox, TellsOfViolationsButNotOfItsSelfTest) {
    std::atomic<int> told{0};
    Sandbox::Options options;
    options.workers.max_workers = 1;
    options.on_violation = [&told](const Error& error) {
        EXPECT_EQ(error.reason, "policy_violation");
        ++told;
    };
    const auto sandbox = make_sandbox(options);
    EXPECT_TRUE(sandbox->self_test().all_blocked());
    EXPECT_EQ(told, 0);
    Limits limits;
    limits.max_wall_ms = 20'000;
    EXPECT_FALSE(sandbox->attempt(Act::kOpenSocket, limits).has_value());
    EXPECT_EQ(told, 1);
    EXPECT_FALSE(sandbox->attempt_warm(Act::kOpenSocket, limits).has_value());
    EXPECT_EQ(told, 2);
    EXPECT_FALSE(sandbox->attempt(Act::kCrash, limits).has_value());
    EXPECT_EQ(told, 2);
}

TEST(Sandbox, IsWhatTheKernelEndsFirst) {
    ASSERT_TRUE(test::sandbox().protections().has_value());
    std::vector<int> family = test::descendants_of(test::sandbox().zygote_pid());
    family.push_back(test::sandbox().zygote_pid());
    for (const int pid : family) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/oom_score_adj");
        int points = 0;
        if (file >> points) EXPECT_EQ(points, 1'000);
    }
    EXPECT_TRUE(test::is_running(family.back()));
}

TEST(Sandbox, DoesNotWaitForAZygoteThatStandsStill) {
    Sandbox::Options options;
    options.zygote_limit = milliseconds(200);
    const auto sandbox = make_sandbox(options);
    ASSERT_TRUE(sandbox->protections().has_value());
    std::vector<int> family = test::descendants_of(sandbox->zygote_pid());
    family.push_back(sandbox->zygote_pid());
    for (const int pid : family) ::kill(pid, SIGSTOP);
    // More than the socket takes.
    std::vector<std::thread> callers;
    std::atomic<int> refused{0};
    const auto began = std::chrono::steady_clock::now();
    for (int caller = 0; caller < 100; ++caller) {
        callers.emplace_back([&] {
            const auto result = sandbox->attempt(Act::kNothing, quick_limits());
            if (!result && result.error().code == Errc::kUnavailable) ++refused;
        });
    }
    for (auto& caller : callers) caller.join();
    EXPECT_EQ(refused, 100);
    EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(10));
    for (const int pid : family) ::kill(pid, SIGCONT);
}

TEST(Sandbox, PreparesEveryProductInOneChild) {
    const auto picture = test::make_picture(Format::kJpeg, 800, 600);
    const UniqueFd file = test::file_of(picture);
    PrepareRequest request;
    request.verify.check_declared = false;
    for (const std::uint32_t width : {160U, 320U, 640U}) {
        ProductSpec& spec = request.products.at(request.product_count++);
        spec.transform.width_px = width;
        spec.transform.format = OutputFormat::kWebp;
    }
    const auto answer = test::sandbox().prepare(file.get(), picture.size(), request);
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    ASSERT_EQ(answer->refusal, Refusal::kNone) << answer->detail;
    EXPECT_EQ(answer->facts.width_px, 800U);
    ASSERT_EQ(answer->products.size(), 3U);
    for (const Product& product : answer->products) {
        EXPECT_EQ(product.facts.width_px, 160U << product.index);
        EXPECT_FALSE(product.bytes.empty());
    }
    EXPECT_GE(answer->placeholders.thumbhash_bytes, 5);

    request.max_output_bytes = 1'000;
    const auto cramped = test::sandbox().prepare(file.get(), picture.size(), request);
    ASSERT_TRUE(cramped.has_value());
    EXPECT_EQ(cramped->refusal, Refusal::kProductsTooLarge);
    EXPECT_TRUE(cramped->products.empty());
}

TEST(Sandbox, TellsApartHowChildrenEnd) {
    Sandbox& sandbox = test::sandbox();
    EXPECT_EQ(reason_of(sandbox, Act::kNothing), "alive");
    EXPECT_EQ(reason_of(sandbox, Act::kCrash), "signal_4");
    EXPECT_EQ(reason_of(sandbox, Act::kOpenSocket), "policy_violation");
    EXPECT_EQ(reason_of(sandbox, Act::kSpin), "too_slow");
    EXPECT_EQ(reason_of(sandbox, Act::kExitSilently), "bad_reply");
#ifndef PIXGATE_SANITIZED
    EXPECT_EQ(reason_of(sandbox, Act::kHogMemory), "out_of_memory");
#endif
}

TEST(Sandbox, BelievesNoAnswerThatIsNotTheJobs) {
    EXPECT_EQ(reason_of(test::sandbox(), Act::kAnswerGarbage), "bad_reply");
    EXPECT_EQ(reason_of(test::sandbox(), Act::kAnswerForOtherJob), "bad_reply");
}

TEST(Sandbox, EndsASpinningChildAtItsDeadline) {
    const auto began = std::chrono::steady_clock::now();
    const auto result = test::sandbox().attempt(Act::kSpin, quick_limits());
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, Errc::kDeadlineExceeded);
    EXPECT_LT(std::chrono::steady_clock::now() - began, seconds(5));
}

TEST(Sandbox, LeavesAChildOnlyItsReplySocket) {
    const auto result = test::sandbox().attempt(Act::kCountFds, quick_limits());
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->act_result, 4);  // 0, 1, 2 and the socket
}

int spare_of(const Sandbox& sandbox) {
    int spare = -1;
    EXPECT_TRUE(becomes_true([&] {
        const auto family = test::descendants_of(sandbox.zygote_pid());
        const auto found = std::ranges::find(family, "pixgate-spare", &test::name_of_process);
        if (found != family.end()) spare = *found;
        return found != family.end();
    }));
    return spare;
}

TEST(Sandbox, HasAChildReadyThatHoldsNothingOfAnother) {
    const auto sandbox = make_sandbox();
    const auto picture = test::make_picture(Format::kPng, 30, 20);
    const UniqueFd file = test::file_of(picture);
    for (int job = 0; job < 3; ++job) {
        const int spare = spare_of(*sandbox);
        ASSERT_GT(spare, 0);
        std::error_code denied;
        std::size_t fds = 0;
        const auto folder = "/proc/" + std::to_string(spare) + "/fd";
        for (const auto& fd : std::filesystem::directory_iterator(folder, denied)) {
            const auto what = std::filesystem::read_symlink(fd, denied).string();
            EXPECT_FALSE(what.contains("memfd")) << what;
            ++fds;
        }
        // 0, 1, 2, its socket and Landlock's rules; only root may look.
        if (!denied) EXPECT_LE(fds, 5U);
        VerifyRequest request;
        request.declared = Format::kPng;
        const auto answer = sandbox->verify(file.get(), picture.size(), request);
        ASSERT_TRUE(answer.has_value()) << answer.error().message;
        EXPECT_EQ(answer->facts.width_px, 30U);
        EXPECT_TRUE(becomes_true([&] { return !test::is_running(spare); }));
    }
}

TEST(Sandbox, GoesOnWhenItsSpareChildIsKilled) {
    const auto sandbox = make_sandbox();
    for (int round = 0; round < 3; ++round) {
        const int spare = spare_of(*sandbox);
        ASSERT_GT(spare, 0);
        ::kill(spare, SIGKILL);
        ASSERT_TRUE(becomes_true([&] { return test::state_of(spare) == 'X'; }));  // waited for
        const auto result = sandbox->attempt(Act::kNothing, quick_limits());
        EXPECT_TRUE(result.has_value()) << result.error().message;
    }
}

TEST(Sandbox, RefusesInputThatIsNoFileOfThatSize) {
    const UniqueFd file = test::file_of("abc");
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]), writer(ends[1]);
    EXPECT_EQ(test::sandbox().verify(file.get(), 4, {}).error().code, Errc::kInvalidArgument);
    EXPECT_EQ(test::sandbox().verify(reader.get(), 4, {}).error().code, Errc::kInvalidArgument);
    EXPECT_EQ(test::sandbox().verify(-1, 4, {}).error().code, Errc::kInvalidArgument);
}

TEST(Sandbox, AnswersManyAtOnceEachItsOwn) {
    std::vector<std::thread> callers;
    std::atomic<int> right{0};
    for (int caller = 0; caller < 6; ++caller) {
        callers.emplace_back([caller, &right] {
            for (int round = 0; round < 5; ++round) {
                const int width = 10 + caller * 7 + round;
                const auto picture = test::make_picture(Format::kPng, width, 20);
                const UniqueFd file = test::file_of(picture);
                VerifyRequest request;
                request.declared = Format::kPng;
                const auto answer = test::sandbox().verify(file.get(), picture.size(), request);
                if (answer && answer->refusal == Refusal::kNone &&
                    answer->facts.width_px == static_cast<std::uint32_t>(width))
                    ++right;
            }
        });
    }
    for (auto& caller : callers) caller.join();
    EXPECT_EQ(right, 30);
}

TEST(Sandbox, StartsAnotherZygoteWhenOneDies) {
    const auto sandbox = make_sandbox();
    ASSERT_TRUE(sandbox->protections().has_value());
    const int first = sandbox->zygote_pid();
    ::kill(first, SIGKILL);
    EXPECT_TRUE(becomes_true([&] {
        return sandbox->zygote_pid() != first &&
               sandbox->attempt(Act::kNothing, quick_limits()).has_value();
    }));
}

TEST(Sandbox, StopsRestartingWhenZygotesKeepDying) {
    const auto sandbox = make_sandbox({.max_restarts = 1});
    for (int death = 0; death < 2; ++death) {
        ASSERT_TRUE(becomes_true([&] { return sandbox->protections(seconds(10)).has_value(); }));
        const int pid = sandbox->zygote_pid();
        ::kill(pid, SIGKILL);
        ASSERT_TRUE(becomes_true([&] { return sandbox->zygote_pid() != pid; }));
    }
    EXPECT_EQ(sandbox->zygote_pid(), -1);
    const auto result = sandbox->attempt(Act::kNothing, quick_limits());
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, Errc::kUnavailable);
}

TEST(Sandbox, FailsTheJobsUnderWayWhenTheZygoteDies) {
    const auto sandbox = make_sandbox();
    ASSERT_TRUE(sandbox->protections().has_value());
    Limits limits;
    limits.max_wall_ms = 20'000;
    Result<ParsedReply> result;
    std::thread job([&] { result = sandbox->attempt(Act::kSpin, limits); });
    const int zygote = sandbox->zygote_pid();
    EXPECT_TRUE(becomes_true([&] {
        const auto family = test::descendants_of(zygote);
        return std::ranges::any_of(family, [](int pid) { return test::state_of(pid) == 'R'; });
    }));
    ::kill(zygote, SIGKILL);
    job.join();
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().code, Errc::kUnavailable);
}

TEST(Sandbox, LeavesNoProcessWhenItsParentIsKilled) {
    const test::SpinningParent parent;
    ASSERT_GT(parent.pid(), 0);
    std::vector<int> family;
    ASSERT_TRUE(becomes_true([&] {
        family = test::descendants_of(parent.pid());
        return family.size() >= test::kFamilyOfOneJob;
    }));
    parent.kill();
    EXPECT_TRUE(becomes_true([&] {
        return std::ranges::none_of(family, [](int pid) { return test::is_running(pid); });
    }));
}

}  // namespace
}  // namespace pixgate::imaging
