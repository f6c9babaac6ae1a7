#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "imaging/sandbox/sandbox.h"
#include "tests/support/pictures.h"
#include "tests/support/sandboxes.h"

namespace pixgate::imaging {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

struct Warm {
    explicit Warm(const WorkerLimits& limits) {
        auto zygote = start_zygote();
        if (!zygote) throw std::runtime_error(zygote.error().message);
        Sandbox::Options options;
        options.workers = limits;
        options.metrics = &metrics;
        sandbox = std::make_unique<Sandbox>(*std::move(zygote), options);
    }
    Metrics metrics;
    std::unique_ptr<Sandbox> sandbox;

    Sandbox* operator->() const { return sandbox.get(); }
    bool has_recycled(std::string_view reason, int count) const {
        const auto line = "pixgate_sandbox_workers_recycled_total{reason=\"" + std::string(reason) +
                          "\"} " + std::to_string(count) + "\n";
        return metrics.expose().contains(line);
    }
    std::vector<int> workers() const {
        auto family = test::descendants_of(sandbox->zygote_pid());
        std::erase_if(family, [](int pid) {
            return test::name_of_process(pid) != "pixgate-worker";
        });
        return family;
    }
};

WorkerLimits one_worker() {
    WorkerLimits limits;
    limits.max_workers = 1;
    return limits;
}

Limits patient() {
    Limits limits;
    limits.max_wall_ms = 20'000;
    return limits;
}

TransformRequest own(std::uint32_t width_px, OutputFormat format = OutputFormat::kJpeg) {
    TransformRequest request;
    request.transform.width_px = width_px;
    request.transform.format = format;
    request.source = Source::kOwn;
    request.limits = patient();
    return request;
}

Result<TransformAnswer> transform(
    Sandbox& sandbox, const std::string& picture, const TransformRequest& request
) {
    const UniqueFd file = test::file_of(picture);
    return sandbox.transform(file.get(), picture.size(), request);
}

std::string reason_of(const Warm& warm, Act act, std::uint32_t wall_ms = 20'000) {
    Limits limits;
    limits.max_wall_ms = wall_ms;
    const auto result = warm->attempt_warm(act, limits);
    return result ? "alive" : result.error().reason;
}

template <class Condition>
bool becomes_true(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(milliseconds(5));
    }
    return true;
}

TEST(WarmWorker, DoesManyJobsInOneProcess) {
    const Warm warm(one_worker());
    EXPECT_EQ(warm->worker_count(), 0U) << "none before the first job";
    const auto picture = test::make_picture(Format::kJpeg, 400, 300);
    std::vector<int> first;
    for (std::uint32_t width = 20; width < 40; ++width) {
        const auto answer = transform(*warm.sandbox, picture, own(width));
        ASSERT_TRUE(answer.has_value()) << answer.error().message;
        ASSERT_EQ(answer->refusal, Refusal::kNone) << answer->detail;
        EXPECT_EQ(answer->facts.width_px, width);
        if (first.empty()) first = warm.workers();
        EXPECT_EQ(warm.workers(), first);
    }
    EXPECT_EQ(first.size(), 1U);
}

// Of /proc/PID/stat: faults that needed no disk.
long page_faults(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text, skipped;
    std::getline(file, text);
    std::istringstream rest(text.substr(text.rfind(')') + 1));
    for (int field = 3; field < 10; ++field) rest >> skipped;
    long faults = 0;
    rest >> faults;
    return faults;
}

TEST(WarmWorker, TakesTheMemoryOfItsLastJobForTheNext) {
#ifdef PIXGATE_SANITIZED
    GTEST_SKIP() << "sanitizers bring their own allocator";
#endif
    const Warm warm(one_worker());
    const auto picture = test::make_scene(Format::kJpeg, {.width_px = 1072, .height_px = 712});
    const auto once = [&] { return transform(*warm.sandbox, picture, own(800)).has_value(); };
    ASSERT_TRUE(once() && once());
    const auto workers = warm.workers();
    ASSERT_EQ(workers.size(), 1U);
    const long before = page_faults(workers[0]);
    constexpr int kJobs = 5;
    for (int i = 0; i < kJobs; ++i) ASSERT_TRUE(once());
    EXPECT_LT((page_faults(workers[0]) - before) / kJobs, 200) << "pages anew in each job";
}

TEST(WarmWorker, GivesWhatAChildOfItsOwnGives) {
    const Warm warm(one_worker());
    for (const auto format : {Format::kJpeg, Format::kPng, Format::kWebp}) {
        const auto picture = test::make_picture(format, 300, 200);
        auto request = own(100, OutputFormat::kWebp);
        const auto in_worker = transform(*warm.sandbox, picture, request);
        request.source = Source::kStranger;
        const auto in_child = transform(*warm.sandbox, picture, request);
        ASSERT_TRUE(in_worker.has_value() && in_child.has_value());
        EXPECT_EQ(in_worker->bytes, in_child->bytes);
    }
    EXPECT_EQ(warm->worker_count(), 1U);
}

TEST(WarmWorker, IsNeverGivenAStrangersPicture) {
    const Warm warm(one_worker());
    const auto picture = test::make_picture(Format::kPng, 30, 20);
    auto request = own(10);
    request.source = Source::kStranger;
    ASSERT_TRUE(transform(*warm.sandbox, picture, request).has_value());
    EXPECT_EQ(warm->worker_count(), 0U);
}

TEST(WarmWorker, IsReplacedAfterSoManyJobs) {
    auto limits = one_worker();
    limits.max_jobs = 3;
    const Warm warm(limits);
    const auto picture = test::make_picture(Format::kPng, 30, 20);
    for (int job = 0; job < 7; ++job)
        ASSERT_TRUE(transform(*warm.sandbox, picture, own(10)).has_value());
    EXPECT_TRUE(warm.has_recycled("jobs", 2)) << warm.metrics.expose();
    EXPECT_EQ(warm->worker_count(), 1U);
    EXPECT_THAT(warm.metrics.expose(), HasSubstr("pixgate_sandbox_workers 1"));
}

TEST(WarmWorker, IsReplacedWhenItIsOldOrLarge) {
    const auto picture = test::make_picture(Format::kPng, 30, 20);
    auto limits = one_worker();
    limits.max_age = milliseconds(0);
    const Warm old(limits);
    ASSERT_TRUE(transform(*old.sandbox, picture, own(10)).has_value());
    EXPECT_TRUE(old.has_recycled("age", 1));
    EXPECT_EQ(old->worker_count(), 0U);
    limits = one_worker();
    limits.max_resident_bytes = 1 << 20;
    const Warm large(limits);
    ASSERT_TRUE(transform(*large.sandbox, picture, own(10)).has_value());
    EXPECT_TRUE(large.has_recycled("memory", 1));
}

TEST(WarmWorker, IsEndedWhenItHasBeenIdle) {
    auto limits = one_worker();
    limits.max_idle = milliseconds(40);
    const Warm warm(limits);
    ASSERT_EQ(reason_of(warm, Act::kNothing), "alive");
    EXPECT_TRUE(becomes_true([&] { return warm->worker_count() == 0; }));
    EXPECT_TRUE(becomes_true([&] { return warm.workers().empty(); }));
    EXPECT_TRUE(warm.has_recycled("idle", 1));
    EXPECT_EQ(reason_of(warm, Act::kNothing), "alive") << "and there is another one when wanted";
}

TEST(WarmWorker, IsReplacedAfterAPictureThatItRefused) {
    const Warm warm(one_worker());
    auto picture = test::make_picture(Format::kPng, 300, 200);
    picture.resize(picture.size() / 2);
    const auto answer = transform(*warm.sandbox, picture, own(10));
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->refusal, Refusal::kBroken);
    EXPECT_TRUE(warm.has_recycled("refused", 1));
}

// What a decoder that was taken over would try.
TEST(WarmWorker, F91_IsStoppedInEveryHostileAct) {
    const Warm warm(one_worker());
    for (const Act act : kHostileActs) {
#ifdef PIXGATE_SANITIZED
        if (act == Act::kTakeMemory) continue;
#endif
        Limits limits;
        limits.max_wall_ms = act == Act::kSpin ? 200 : 20'000;
        const auto result = warm->attempt_warm(act, limits);
        if (result) {
            EXPECT_NE(result->act_result, 0) << name_of(act);
        } else {
            EXPECT_TRUE(result.error().code == Errc::kCrashed || act == Act::kSpin)
                << name_of(act) << ": " << result.error().message;
        }
        EXPECT_EQ(reason_of(warm, Act::kNothing), "alive") << "after " << name_of(act);
    }
    EXPECT_TRUE(warm.has_recycled("too_slow", 1));
}

TEST(WarmWorker, F91_TellsApartHowItEnds) {
    const Warm warm(one_worker());
    EXPECT_EQ(reason_of(warm, Act::kCrash), "signal_4");
    EXPECT_EQ(reason_of(warm, Act::kOpenSocket), "policy_violation");
    EXPECT_EQ(reason_of(warm, Act::kSpin, 100), "too_slow");
    EXPECT_EQ(reason_of(warm, Act::kExitSilently), "bad_reply");
#ifndef PIXGATE_SANITIZED
    EXPECT_EQ(reason_of(warm, Act::kHogMemory), "out_of_memory");
#endif
    EXPECT_EQ(reason_of(warm, Act::kNothing), "alive");
}

// What it would say.
TEST(WarmWorker, F92_IsNotBelieved) {
    const Warm warm(one_worker());
    EXPECT_EQ(reason_of(warm, Act::kAnswerGarbage), "bad_reply");
    EXPECT_EQ(reason_of(warm, Act::kAnswerForOtherJob), "bad_reply");
    EXPECT_EQ(reason_of(warm, Act::kClaimTooMuch), "bad_reply");
    EXPECT_EQ(reason_of(warm, Act::kAnswerLate, 100), "too_slow");
    EXPECT_EQ(reason_of(warm, Act::kNothing), "alive") << "the late answer is heard by nobody";
}

TEST(WarmWorker, F92_IsEndedWhenItSaysMoreThanItWasAsked) {
    const Warm warm(one_worker());
    ASSERT_EQ(reason_of(warm, Act::kAnswerTwice), "alive");
    const auto first = warm.workers();
    // It sleeps once it has given the second answer, too, and waits for a job.
    ASSERT_TRUE(becomes_true([&] { return test::state_of(first.front()) == 'S'; }));
    EXPECT_EQ(reason_of(warm, Act::kNothing), "alive");
    EXPECT_NE(warm.workers(), first);
    EXPECT_TRUE(warm.has_recycled("crashed", 1));
}

TEST(WarmWorker, HasOnlyItsSocketOpen) {
    const Warm warm(one_worker());
    for (int job = 0; job < 20; ++job) {
        const auto result = warm->attempt_warm(Act::kCountFds, patient(), "some input");
        ASSERT_TRUE(result.has_value()) << result.error().message;
        EXPECT_EQ(result->act_result, 4);
    }
}

TEST(WarmWorker, KilledInAJobFailsThatJobOnly) {
    auto limits = one_worker();
    limits.max_workers = 2;
    const Warm warm(limits);
    ASSERT_TRUE(warm->protections().has_value());
    std::string reason;
    std::thread spinning([&] { reason = reason_of(warm, Act::kSpin); });
    ASSERT_TRUE(becomes_true([&] { return warm.workers().size() == 1; }));
    const int victim = warm.workers().front();
    const auto picture = test::make_picture(Format::kPng, 30, 20);
    ASSERT_TRUE(transform(*warm.sandbox, picture, own(10)).has_value());
    ::kill(victim, SIGKILL);
    spinning.join();
    EXPECT_EQ(reason, "signal_9");
    EXPECT_TRUE(transform(*warm.sandbox, picture, own(10)).has_value());
    EXPECT_TRUE(warm.has_recycled("crashed", 1));
}

TEST(WarmWorker, KilledWhileIdleIsReplacedUnseen) {
    const Warm warm(one_worker());
    ASSERT_EQ(reason_of(warm, Act::kNothing), "alive");
    const auto first = warm.workers();
    ASSERT_EQ(first.size(), 1U);
    ::kill(first.front(), SIGKILL);
    ASSERT_TRUE(becomes_true([&] { return !test::is_running(first.front()); }));
    EXPECT_EQ(reason_of(warm, Act::kNothing), "alive");
    EXPECT_TRUE(warm.has_recycled("crashed", 1));
}

TEST(WarmWorker, IsWaitedForButNotForEver) {
    const Warm warm(one_worker());
    std::thread spinning([&] { (void)reason_of(warm, Act::kSpin, 1'000); });
    ASSERT_TRUE(becomes_true([&] { return warm->worker_count() == 1; }));
    Limits hasty;
    hasty.max_wall_ms = 50;
    const auto refused = warm->attempt_warm(Act::kNothing, hasty);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Errc::kOverloaded);
    EXPECT_EQ(reason_of(warm, Act::kNothing), "alive") << "patience is rewarded";
    spinning.join();
}

TEST(WarmWorker, ServesManyCallersEachItsOwn) {
    auto limits = one_worker();
    limits.max_workers = 3;
    limits.max_jobs = 10;
    const Warm warm(limits);
    std::vector<std::thread> callers;
    std::atomic<int> right{0};
    for (std::uint32_t caller = 0; caller < 8; ++caller) {
        callers.emplace_back([&, caller] {
            const auto picture = test::make_picture(Format::kPng, 200, 100);
            for (std::uint32_t round = 0; round < 8; ++round) {
                const std::uint32_t width = 10 + caller * 9 + round;
                const auto answer = transform(*warm.sandbox, picture, own(width));
                if (answer && answer->refusal == Refusal::kNone && answer->facts.width_px == width)
                    ++right;
            }
        });
    }
    for (auto& caller : callers) caller.join();
    EXPECT_EQ(right, 64);
    EXPECT_LE(warm->worker_count(), 3U);
}

TEST(WarmWorker, GoesWithItsZygoteAndComesWithTheNext) {
    const Warm warm(one_worker());
    ASSERT_EQ(reason_of(warm, Act::kNothing), "alive");
    const auto first = warm.workers();
    ::kill(warm->zygote_pid(), SIGKILL);
    EXPECT_TRUE(becomes_true([&] { return !test::is_running(first.front()); }));
    EXPECT_TRUE(becomes_true([&] { return reason_of(warm, Act::kNothing) == "alive"; }));
}

// PIXGATE_CANARY_PAIRS is how many.
int canary_pairs() {
    const char* text = std::getenv("PIXGATE_CANARY_PAIRS");
    return text == nullptr ? 300 : std::atoi(text);
}

// Of every format that a rendition or a preset has, so that a job finds the buffers of all of them.
std::vector<std::string> canaries() {
    std::vector<std::string> out;
    for (const auto format : {Format::kJpeg, Format::kPng, Format::kWebp})
        for (int phase = 0; phase < 10; phase += 3)
            out.push_back(test::make_scene(
                format, {.width_px = 90 + 60 * phase, .height_px = 200, .phase = phase}
            ));
    return out;
}

// Nothing of what a worker did before is in what it answers: that is what a child answers which has
// done nothing before.
TEST(WarmWorker, F90_LeavesNothingOfOnePictureInTheAnswerForTheNext) {
    const Warm warm(one_worker());
    const auto before = canaries();
    std::vector<std::string> pictures;
    std::vector<TransformAnswer> expected;
    constexpr std::array kFormats{OutputFormat::kPng, OutputFormat::kJpeg, OutputFormat::kWebp};
    for (const auto format : {Format::kPng, Format::kJpeg, Format::kWebp}) {
        pictures.push_back(test::make_scene(format, {.width_px = 64, .height_px = 64}));
        auto request = own(48, kFormats.at(expected.size()));
        request.source = Source::kStranger;
        auto fresh = transform(*warm.sandbox, pictures.back(), request);
        ASSERT_TRUE(fresh.has_value() && fresh->refusal == Refusal::kNone);
        expected.push_back(*std::move(fresh));
    }
    std::mt19937 random(90);
    int differences = 0;
    for (int pair = 0; pair < canary_pairs(); ++pair) {
        const auto& canary = before.at(random() % before.size());
        const auto seen = transform(*warm.sandbox, canary, own(80, kFormats.at(random() % 3)));
        ASSERT_TRUE(seen.has_value() && seen->refusal == Refusal::kNone);
        const std::size_t which = random() % pictures.size();
        const auto answer =
            transform(*warm.sandbox, pictures.at(which), own(48, kFormats.at(which)));
        ASSERT_TRUE(answer.has_value());
        const bool is_same = answer->bytes == expected.at(which).bytes &&
                             answer->detail == expected.at(which).detail;
        differences += is_same ? 0 : 1;
    }
    EXPECT_EQ(differences, 0);
}

}  // namespace
}  // namespace pixgate::imaging
