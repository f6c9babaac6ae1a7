#include "roles/function/event_host.h"

#include <gtest/gtest.h>

#include "tests/support/flow_roles.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::event_json;
using test::FlowWorld;
using test::run_until;

struct Host {
    explicit Host(
        FlowWorld& w, EventHost::Function function = {}, EventHost::Config config = quick()
    )
        : world(w),
          host(
              {*w.adapters.events, *w.adapters.catalog, w.clock, w.metrics},
              function ? std::move(function)
                       : [&w](StorageEvent event) { return w.on_stored.run(std::move(event)); },
              std::move(config)
          ) {}

    static EventHost::Config quick() {
        EventHost::Config config;
        config.poll_wait = 5ms;
        config.stop_grace = 50ms;
        return config;
    }
    bool until(std::function<bool()> is_done, std::function<void()> tick = {}) {
        return run_task(run_until(host, std::move(is_done), std::move(tick), 20s));
    }
    std::uint64_t backlog() {
        return run_task(world.adapters.events->backlog()).value_or(Backlog{}).count;
    }

    FlowWorld& world;
    EventHost host;
};

std::vector<DeadLetter> dead_letters(FlowWorld& world) {
    auto page = run_task(world.adapters.dead_letters->list("", 100));
    return page ? page->letters : std::vector<DeadLetter>{};
}

TEST(EventHost, RunsTheFunctionForWhatTheStoreRaised) {
    FlowWorld world;
    Host host(world);
    const auto id = world.permit();
    world.put(id, "picture");
    EXPECT_TRUE(host.until([&] { return host.backlog() == 0; }));
    EXPECT_EQ(world.take_message().image_id, id);
}

TEST(EventHost, TriesTwiceMoreAfterTheDelaysThenDeadLetterAndFailedImage) {
    FlowWorld world;
    std::vector<std::chrono::steady_clock::time_point> runs;
    auto function = [&](StorageEvent) -> Task<Result<void>> {
        runs.push_back(world.clock.steady());
        co_return fail(Errc::kInternal, "broken on purpose");
    };
    Host host(world, function);
    const auto id = world.permit();
    world.put(id, "picture");
    EXPECT_TRUE(host.until([&] { return host.backlog() == 0; }, [&] { world.clock.advance(50ms); })
    );
    ASSERT_EQ(runs.size(), 3U);
    EXPECT_GE(runs[1] - runs[0], 1s);
    EXPECT_LT(runs[1] - runs[0], 5s);
    EXPECT_GE(runs[2] - runs[1], 5s);
    const auto letters = dead_letters(world);
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].reason, "retries_exhausted");
    EXPECT_EQ(letters[0].attempts, 3U);
    EXPECT_NE(letters[0].last_error.find("broken on purpose"), std::string::npos);
    EXPECT_EQ(world.image(id).state, ImageState::kFailed);
    EXPECT_EQ(world.image(id).reason, "processing_failed");
}

TEST(EventHost, ARedriveAfterTheFaultIsGoneMakesTheFailedImageReady) {
    FlowWorld world;
    Host host(world);
    const auto id = world.permit();
    world.put(id, "bug");
    EXPECT_TRUE(host.until([&] { return host.backlog() == 0; }, [&] { world.clock.advance(50ms); })
    );
    EXPECT_EQ(world.image(id).state, ImageState::kFailed);
    world.verifier.heal();
    const auto letters = dead_letters(world);
    ASSERT_EQ(letters.size(), 1U);
    ASSERT_TRUE(run_task(world.adapters.dead_letters->redrive(letters[0].id)));
    EXPECT_FALSE(run_task(world.adapters.dead_letters->redrive(letters[0].id)));

    Host again(world);
    EXPECT_TRUE(again.until([&] { return again.backlog() == 0; }));
    RegisterImage step{*world.adapters.catalog, *world.adapters.preset_queue, world.clock};
    EXPECT_EQ(run_task(step.run(world.take_message())).value(), Applied::kDone);
    EXPECT_EQ(world.image(id).state, ImageState::kReady);
    EXPECT_TRUE(dead_letters(world).empty());
}

TEST(EventHost, AnOutageOfTheEnvironmentUsesUpNoTries) {
    FlowWorld world;
    int runs = 0;
    auto function = [&](StorageEvent) -> Task<Result<void>> {
        if (++runs <= 20) co_return fail(Errc::kUnavailable, "database away");
        if (runs <= 22) co_return fail(Errc::kInternal, "broken twice");
        co_return Result<void>{};
    };
    Host host(world, function);
    world.put(world.permit(), "picture");
    EXPECT_TRUE(host.until([&] { return host.backlog() == 0; }, [&] { world.clock.advance(30s); }));
    EXPECT_EQ(runs, 23);
    EXPECT_TRUE(dead_letters(world).empty());
}

TEST(EventHost, AnEventThatIsTooOldIsGivenUp) {
    FlowWorld world;
    auto function = [](StorageEvent) -> Task<Result<void>> {
        co_return fail(Errc::kNoSpace, "disk full");
    };
    Host host(world, function);
    world.put(world.permit(), "picture");
    EXPECT_TRUE(host.until([&] { return host.backlog() == 0; }, [&] { world.clock.advance(10min); })
    );
    const auto letters = dead_letters(world);
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].reason, "event_age_exceeded");
}

TEST(EventHost, WhatCannotBeReadGoesToTheDeadLettersAtOnceAndATestMessageIsDone) {
    FlowWorld world;
    Host host(world);
    ASSERT_TRUE(run_task(world.adapters.events->add("{\"Records\":17}")));
    ASSERT_TRUE(run_task(world.adapters.events->add(
        R"({"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z",)"
        R"("Bucket":"b","RequestId":"5582815E1AEA5ADF","HostId":"8cLe"})"
    )));
    EXPECT_TRUE(host.until([&] { return host.backlog() == 0; }));
    const auto letters = dead_letters(world);
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].reason, "unreadable");
    EXPECT_EQ(letters[0].attempts, 1U);
}

TEST(EventHost, EveryRecordIsRunAlsoAfterOneFailed) {
    FlowWorld world;
    std::vector<std::string> seen;
    auto function = [&](StorageEvent event) -> Task<Result<void>> {
        seen.push_back(event.key);
        if (event.key == "a" && seen.size() == 1) throw std::runtime_error("on purpose");
        co_return Result<void>{};
    };
    Host host(world, function);
    StorageEvent a{
        .name = "ObjectCreated:Put",
        .at = world.clock.now(),
        .bucket = "pixgate-originals",
        .key = "a",
        .size_bytes = 1,
        .etag = "e",
        .version_id = {},
        .sequencer = "01",
        .request_id = {},
        .source_ip = {}
    };
    auto b = a;
    b.key = "b";
    const auto one = event_json(a);
    const auto two = event_json(b);
    const auto records = [](const std::string& json) {
        const auto begin = json.find('[') + 1;
        return json.substr(begin, json.rfind(']') - begin);
    };
    ASSERT_TRUE(run_task(
        world.adapters.events->add("{\"Records\":[" + records(one) + "," + records(two) + "]}")
    ));
    EXPECT_TRUE(host.until([&] { return host.backlog() == 0; }, [&] { world.clock.advance(50ms); })
    );
    EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "a", "b"}));
}

TEST(EventHost, ARunThatHangsEndsAtItsDeadlineAndCountsAsATry) {
    FlowWorld world;
    int runs = 0;
    auto function = [&](StorageEvent) -> Task<Result<void>> {
        if (++runs == 1) co_await sleep_for(1h);
        co_return Result<void>{};
    };
    auto config = Host::quick();
    config.run_deadline = 20ms;
    Host host(world, function, config);
    world.put(world.permit(), "picture");
    EXPECT_TRUE(host.until([&] { return host.backlog() == 0; }, [&] { world.clock.advance(50ms); })
    );
    EXPECT_EQ(runs, 2);
}

TEST(EventHost, NeverRunsMoreAtOnceThanItMay) {
    FlowWorld world;
    int running = 0;
    int most = 0;
    auto function = [&](StorageEvent) -> Task<Result<void>> {
        most = std::max(most, ++running);
        co_await sleep_for(3ms);
        --running;
        co_return Result<void>{};
    };
    auto config = Host::quick();
    config.concurrency = 3;
    Host host(world, function, config);
    for (int i = 0; i < 20; ++i) world.put(world.permit(), "picture");
    EXPECT_TRUE(host.until([&] { return host.backlog() == 0; }));
    EXPECT_EQ(most, 3);
}

TEST(EventHost, AtStopARunThatDoesNotEndIsGivenBackAndRunAgainByTheNextHost) {
    FlowWorld world;
    int runs = 0;
    auto function = [&](StorageEvent) -> Task<Result<void>> {
        if (++runs == 1) co_await sleep_for(1h);
        co_return Result<void>{};
    };
    world.put(world.permit(), "picture");
    {
        Host host(world, function);
        const auto begun = std::chrono::steady_clock::now();
        EXPECT_TRUE(host.until([&] { return runs == 1; }));
        EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
        EXPECT_EQ(host.backlog(), 1U);
    }
    Host next(world, function);
    EXPECT_TRUE(next.until([&] { return next.backlog() == 0; }));
    EXPECT_EQ(runs, 2);
}

}  // namespace
}  // namespace pixgate
