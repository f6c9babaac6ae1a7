#include "roles/worker/worker.h"

#include <gtest/gtest.h>

#include "tests/support/flow_roles.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::FlowWorld;
using test::run_until;

// The catalog of the world, failing on demand.
class FailingCatalog : public Catalog {
public:
    explicit FailingCatalog(Catalog& inner) : inner_(inner) {}
    Task<Result<Created>> create(NewImage image) override {
        return inner_.create(std::move(image));
    }
    Task<Result<Image>> find(ImageId id) override { return inner_.find(std::move(id)); }
    Task<Result<ImagePage>> list(ImageQuery query) override {
        return inner_.list(std::move(query));
    }
    Task<Result<Applied>> apply(Change change) override {
        ++applies;
        if (failures != 0 && change.to != ImageState::kFailed) {
            --failures;
            co_return fail(code, "on purpose");
        }
        co_return co_await inner_.apply(std::move(change));
    }
    Task<Result<std::vector<FeedEntry>>> feed(FeedQuery query) override {
        return inner_.feed(std::move(query));
    }
    Task<Result<std::int64_t>> last_seq() override { return inner_.last_seq(); }
    Task<Result<std::vector<Image>>> due(DueQuery query) override { return inner_.due(query); }

    int applies = 0;
    int failures = 0;
    Errc code = Errc::kUnavailable;

private:
    Catalog& inner_;
};

struct Bench {
    explicit Bench(FlowWorld& w)
        : world(w),
          catalog(*w.adapters.catalog),
          worker(
              {*w.adapters.queue, *w.adapters.preset_queue, catalog, w.clock, w.metrics}, quick()
          ) {}

    static Worker::Config quick() {
        Worker::Config config;
        config.poll_wait = 5ms;
        config.stop_grace = 50ms;
        return config;
    }
    // One picture through the function: its message is on the queue.
    ImageId send() {
        const auto id = world.permit();
        world.put(id, "picture");
        EXPECT_TRUE(run_task(world.on_stored.run(world.event_of(id))));
        return id;
    }
    bool until_empty(std::function<void()> tick = {}) {
        return run_task(run_until(
            worker, [this] { return world.queued() == 0; }, std::move(tick), 20s
        ));
    }
    std::vector<DeadLetter> dead_letters() {
        auto page = run_task(world.adapters.dead_letters->list("", 100));
        return page ? page->letters : std::vector<DeadLetter>{};
    }

    FlowWorld& world;
    FailingCatalog catalog;
    Worker worker;
};

TEST(Worker, RegistersAndAcknowledgesWhatIsOnTheQueue) {
    FlowWorld world;
    Bench bench(world);
    std::vector<ImageId> ids;
    for (int i = 0; i < 25; ++i) ids.push_back(bench.send());
    EXPECT_TRUE(bench.until_empty());
    for (const auto& id : ids) EXPECT_EQ(world.image(id).state, ImageState::kReady);
}

TEST(Worker, WhileTheCatalogIsAwayTheMessageWaitsAndCountsAsReceivedOnce) {
    FlowWorld world;
    Bench bench(world);
    const auto id = bench.send();
    bench.catalog.failures = 4;
    EXPECT_TRUE(bench.until_empty());
    EXPECT_EQ(world.image(id).state, ImageState::kReady);
    EXPECT_EQ(bench.catalog.applies, 5);
    EXPECT_TRUE(bench.dead_letters().empty());
}

TEST(Worker, WhatCannotBeReadIsBuriedAtOnce) {
    FlowWorld world;
    Bench bench(world);
    ASSERT_TRUE(run_task(world.adapters.queue->send("{\"type\":\"else\"}")));
    EXPECT_TRUE(bench.until_empty());
    const auto letters = bench.dead_letters();
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].reason, "unreadable");
    EXPECT_EQ(letters[0].attempts, 1U);
}

TEST(Worker, ABugIsTriedAsOftenAsTheQueueAllowsThenBuriedAndTheImageFailed) {
    FlowWorld world;
    Bench bench(world);
    const auto id = bench.send();
    bench.catalog.code = Errc::kInternal;
    bench.catalog.failures = 5;
    EXPECT_TRUE(bench.until_empty([&] { world.clock.advance(1s); }));
    const auto letters = bench.dead_letters();
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].reason, "too_many_receives");
    EXPECT_EQ(letters[0].attempts, 5U);
    EXPECT_EQ(world.image(id).state, ImageState::kFailed);

    ASSERT_TRUE(run_task(world.adapters.dead_letters->redrive(letters[0].id)));
    Bench again(world);
    EXPECT_TRUE(again.until_empty());
    EXPECT_EQ(world.image(id).state, ImageState::kReady);
}

TEST(Worker, AMessageOfNoImageIsAcknowledgedAndAForgedOneIsBuriedWithoutEffect) {
    FlowWorld world;
    Bench bench(world);
    const auto id = world.permit();
    world.put(id, "picture");
    ASSERT_TRUE(run_task(world.on_stored.run(world.event_of(id))));
    auto message = world.take_message();
    const auto victim = world.permit();
    message.image_id = victim;
    ASSERT_TRUE(run_task(world.adapters.queue->send(to_json(message))));
    message.image_id.value = world.ids.uuid_v7();
    message.event.key = original_key(message.image_id);
    message.variants.clear();
    ASSERT_TRUE(run_task(world.adapters.queue->send(to_json(message))));
    EXPECT_TRUE(bench.until_empty());
    EXPECT_EQ(world.image(victim).state, ImageState::kPending);
    ASSERT_EQ(bench.dead_letters().size(), 1U);
    EXPECT_EQ(bench.dead_letters()[0].reason, "invalid_argument");
}

TEST(Worker, AtStopAMessageThatWaitsIsVisibleAgainAtOnce) {
    FlowWorld world;
    const auto id = [&] {
        Bench bench(world);
        const auto sent = bench.send();
        bench.catalog.failures = 1'000'000;
        EXPECT_TRUE(run_task(run_until(
            bench.worker, [&] { return bench.catalog.applies > 2; }, {}, 20s
        )));
        return sent;
    }();
    Bench next(world);
    EXPECT_TRUE(next.until_empty());
    EXPECT_EQ(world.image(id).state, ImageState::kReady);
}

}  // namespace
}  // namespace pixgate
