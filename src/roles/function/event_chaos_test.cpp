// Ten thousand events that come twice, in another order, late or never, through the event host, the
// queue and the worker: every stored object is one row, and every effect happens once.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "flow/sweep.h"
#include "tests/support/flow_roles.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::FlowWorld;

constexpr int kEvents = 10'000;
constexpr std::size_t kWindow = 50;  // events that overtake each other

// Delivers some messages twice, as SQS may.
class StutteringQueue : public Queue {
public:
    StutteringQueue(Queue& inner, std::uint32_t seed) : inner_(inner), random_(seed) {}
    Task<Result<std::string>> send(std::string body) override {
        if (random_() % 5 == 0) CO_CHECK(co_await inner_.send(body));
        co_return co_await inner_.send(std::move(body));
    }
    Task<Result<std::vector<ReceivedMessage>>> receive(
        std::size_t max, std::chrono::milliseconds wait, std::chrono::milliseconds visibility
    ) override {
        return inner_.receive(max, wait, visibility);
    }
    Task<Result<void>> ack(std::string receipt) override { return inner_.ack(std::move(receipt)); }
    Task<Result<void>> extend(std::string receipt, std::chrono::milliseconds visibility) override {
        return inner_.extend(std::move(receipt), visibility);
    }
    Task<Result<void>> bury(std::string receipt, std::string reason, std::string error) override {
        return inner_.bury(std::move(receipt), std::move(reason), std::move(error));
    }
    Task<Result<Backlog>> backlog() override { return inner_.backlog(); }

private:
    Queue& inner_;
    std::minstd_rand random_;
};

struct Chaos {
    Chaos()
        : queue(*world.adapters.queue, 7),
          on_stored{
              *world.adapters.store,
              queue,
              *world.adapters.catalog,
              *world.adapters.alerts,
              std::ref(world.verifier),
              world.preparer,
              test::strip_place,
              world.pool,
              world.signer,
              world.policies,
              world.poison,
              world.clock
          } {}

    void upload(int count) {
        world.issue_upload.max_open_per_caller = 0;
        for (int i = 0; i < count; ++i) {
            ids.push_back(world.permit());
            world.put(ids.back(), i % 100 == 0 ? "broken" : "picture");
        }
    }

    // Takes all events from the line and puts them back: a fifth twice or more, a fifth displaced
    // within its window, `lost_of_100` of a hundred not at all. Returns how many were lost.
    std::size_t scramble(std::uint32_t lost_of_100) {
        std::vector<std::string> line;
        auto events = run_task(world.adapters.events->next(kEvents, 0ms, 1min));
        std::size_t lost = 0;
        for (const auto& event : *events) {
            EXPECT_TRUE(run_task(world.adapters.events->done(event.id)));
            if (random() % 100 < lost_of_100) {
                ++lost;
                continue;
            }
            const auto copies = random() % 5 == 0 ? 2 + random() % 4 : 1;
            line.insert(line.end(), copies, event.json);
        }
        for (std::size_t i = 0; i < line.size(); ++i) {
            if (random() % 5 != 0) continue;
            std::swap(line[i], line[std::min(i + random() % kWindow, line.size() - 1)]);
        }
        for (auto& json : line) {
            EXPECT_TRUE(run_task(world.adapters.events->add(std::move(json))));
        }
        return lost;
    }

    // One run in fifty meets a database that is away.
    Task<Result<void>> function(StorageEvent event) {
        if (random() % 50 == 0) co_return fail(Errc::kUnavailable, "on purpose");
        co_return co_await on_stored.run(std::move(event));
    }

    static Task<void> run_both(Chaos& chaos, EventHost& host, Worker& worker, bool& was_drained) {
        TaskGroup group;
        co_await group.start("host", host.run());
        co_await group.start("worker", worker.run());
        const auto until = std::chrono::steady_clock::now() + 60s;
        while (!was_drained && std::chrono::steady_clock::now() < until) {
            co_await sleep_for(5ms);
            chaos.world.clock.advance(1s);  // what was put off becomes due
            const auto events = co_await chaos.world.adapters.events->backlog();
            const auto messages = co_await chaos.queue.backlog();
            was_drained = events && messages && events->count == 0 && messages->count == 0;
        }
        host.stop();
        worker.stop();
        co_await group.wait_below(1, 20s);
    }

    void drain() {
        EventHost::Config host_config;
        host_config.poll_wait = 5ms;
        EventHost host(
            {*world.adapters.events, *world.adapters.catalog, world.clock, world.metrics},
            [this](StorageEvent event) { return function(std::move(event)); }, host_config
        );
        Worker::Config worker_config;
        worker_config.poll_wait = 5ms;
        Worker worker(
            {queue, *world.adapters.preset_queue, *world.adapters.catalog, world.clock,
             world.metrics},
            worker_config
        );
        bool was_drained = false;
        run_task(run_both(*this, host, worker, was_drained));
        EXPECT_TRUE(was_drained);
    }

    // Every object is one row in its end state, with each step in its history once.
    std::size_t settled() {
        std::size_t n = 0;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            const auto image = world.image(ids[i]);
            const auto expected = i % 100 == 0 ? ImageState::kRejected : ImageState::kReady;
            if (image.state == expected && image.history.size() == 3) ++n;
        }
        return n;
    }
    std::uint64_t dead_letters() {
        return run_task(world.adapters.dead_letters->count()).value_or(99);
    }
    std::uint64_t changes() {
        return static_cast<std::uint64_t>(run_task(world.adapters.catalog->last_seq()).value_or(-1)
        );
    }

    FlowWorld world;
    StutteringQueue queue;
    OnStored on_stored;
    std::minstd_rand random{42};
    std::vector<ImageId> ids;
};

TEST(EventChaos, TwiceAndOutOfOrderEveryObjectIsOneRowAndEveryEffectHappensOnce) {
    Chaos chaos;
    chaos.upload(kEvents);
    EXPECT_EQ(chaos.scramble(0), 0U);
    chaos.drain();
    EXPECT_EQ(chaos.settled(), chaos.ids.size());
    EXPECT_EQ(chaos.changes(), chaos.ids.size());
    EXPECT_EQ(chaos.dead_letters(), 0U);
}

TEST(EventChaos, WhatNeverCameIsFoundByTheSweep) {
    Chaos chaos;
    chaos.upload(500);
    const auto lost = chaos.scramble(20);
    EXPECT_GT(lost, 50U);
    chaos.drain();
    EXPECT_EQ(chaos.settled(), chaos.ids.size() - lost);
    Sweep sweep(
        {*chaos.world.adapters.catalog, *chaos.world.adapters.store, *chaos.world.adapters.events,
         *chaos.world.adapters.alerts, chaos.world.delete_image, chaos.world.clock,
         test::event_json},
        {}
    );
    chaos.world.clock.advance(1min);
    const auto report = run_task(sweep.run());
    ASSERT_TRUE(report);
    EXPECT_EQ(report->replayed, lost);
    chaos.drain();
    EXPECT_EQ(chaos.settled(), chaos.ids.size());
    EXPECT_EQ(chaos.changes(), chaos.ids.size());
}

}  // namespace
}  // namespace pixgate
