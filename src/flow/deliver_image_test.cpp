#include "flow/deliver_image.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "adapters/memory/memory.h"
#include "base/ids.h"
#include "core/bucket.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;

constexpr Transform kW320{.width_px = 320, .format = OutputFormat::kJpeg};
constexpr Transform kW640{.width_px = 640, .format = OutputFormat::kJpeg};

// A ready image in memory, and a maker of variants that counts and can be held back.
class DeliverImageTest : public testing::Test {
protected:
    void SetUp() override { reset({}); }

    void TearDown() override {
        release();
        threads_.clear();
        deliver_.reset();
    }

    void reset(DeliverImage::Config config) {
        adapters_ = memory::make_adapters({}, clock_);
        ASSERT_TRUE(run_task(adapters_.buckets->create(std::string(kOriginalsBucket), false)));
        ASSERT_TRUE(run_task(adapters_.buckets->create(std::string(kVariantsBucket), false)));
        image_ = add_ready_image();
        deliver_ = std::make_unique<DeliverImage>(
            DeliverImage::Ports{
                *adapters_.catalog, *adapters_.store,
                [this](int, std::uint64_t size, const Image&, const Transform& t)
                    -> Result<MadeVariant> {
                    ++makes_;
                    makes_begun_.notify_all();
                    if (is_held_.load()) is_held_.wait(true);
                    if (throws_) throw std::bad_alloc();
                    if (failure_) return std::unexpected(*failure_);
                    return MadeVariant{refusal_, canonical(t) + " of " + std::to_string(size)};
                },
                pool_, clock_, metrics_,
                [this](std::string, Task<void> task) {
                    const std::lock_guard lock(mutex_);
                    threads_.emplace_back([t = std::move(task)]() mutable {
                        run_blocking(std::move(t));
                    });
                }
            },
            config
        );
    }

    ImageId add_ready_image() {
        const ImageId id{ids_.uuid_v7()};
        const auto body = make_text_body("the original");
        const auto stored = run_task(
            adapters_.store->put(std::string(kOriginalsBucket), original_key(id), *body, {})
        );
        EXPECT_TRUE(stored);
        NewImage row;
        row.image.id = id;
        row.image.owner = "u1";
        row.image.policy = "default";
        row.image.bucket = kOriginalsBucket;
        row.image.key = original_key(id);
        row.image.created_at = clock_.now();
        EXPECT_TRUE(run_task(adapters_.catalog->create(std::move(row))));
        Change change;
        change.id = id;
        change.to = ImageState::kReady;
        change.at = clock_.now();
        StorageEvent event;
        event.name = "ObjectCreated:Put";
        event.at = clock_.now();
        event.bucket = kOriginalsBucket;
        event.key = original_key(id);
        event.etag = stored->etag;
        event.sequencer = stored->sequencer;
        change.event = event;
        change.content_type = "image/jpeg";
        EXPECT_EQ(run_task(adapters_.catalog->apply(std::move(change))).value(), Applied::kDone);
        return id;
    }

    Result<DeliveredPtr> get(Transform transform) {
        const auto image = run_task(deliver_->find(image_));
        if (!image) return std::unexpected(image.error());
        return run_task(deliver_->variant(*image, transform));
    }

    void hold() { is_held_ = true; }
    void release() {
        is_held_ = false;
        is_held_.notify_all();
    }

    ManualClock clock_{TimePoint(1'767'225'600'000ms)};
    FixedIds ids_;
    Metrics metrics_;
    Pool pool_{"imaging", 4};
    memory::Adapters adapters_;
    ImageId image_;
    std::atomic<int> makes_{0};
    std::atomic<int>& makes_begun_ = makes_;
    std::atomic<bool> is_held_{false};
    std::optional<Error> failure_;
    bool throws_ = false;
    imaging::Refusal refusal_ = imaging::Refusal::kNone;
    std::mutex mutex_;
    std::vector<std::jthread> threads_;
    std::unique_ptr<DeliverImage> deliver_;
};

TEST_F(DeliverImageTest, AVariantIsMadeOnceAndThenServedFromMemory) {
    const auto first = get(kW320);
    ASSERT_TRUE(first);
    EXPECT_EQ(*(*first)->body, "w=320,f=jpeg of 12");
    const auto second = get(kW320);
    EXPECT_EQ(second->get(), first->get());
    EXPECT_EQ(makes_, 1);
}

TEST_F(DeliverImageTest, WhatWasMadeIsKeptInTheVariantsBucketForOtherProcesses) {
    ASSERT_TRUE(get(kW320));
    const auto image = run_task(deliver_->find(image_)).value();
    deliver_->forget(image_);
    const auto again = get(kW320);
    ASSERT_TRUE(again);
    EXPECT_EQ(*(*again)->body, "w=320,f=jpeg of 12");
    EXPECT_EQ(makes_, 1);
    const auto listed = run_task(adapters_.store->list(std::string(kVariantsBucket), {}));
    ASSERT_EQ(listed->objects.size(), 1U);
    EXPECT_EQ(listed->objects[0].key, image_.value + "/" + image->etag + "/w=320,f=jpeg");
}

TEST_F(DeliverImageTest, ManyWhoAskForAColdKeyShareOneComputation) {
    hold();
    constexpr int kAskers = 200;
    std::atomic<int> served{0};
    {
        std::vector<std::jthread> askers;
        for (int i = 0; i < kAskers; ++i) {
            askers.emplace_back([&] {
                const auto result = get(kW320);
                if (result && *(*result)->body == "w=320,f=jpeg of 12") ++served;
            });
        }
        makes_begun_.wait(0);
        release();
    }
    EXPECT_EQ(served, kAskers);
    EXPECT_EQ(makes_, 1);
}

TEST_F(DeliverImageTest, AFullLineIsRefusedAsOverloaded) {
    reset({.max_running = 1, .max_waiting = 0});
    hold();
    std::jthread first([&] { static_cast<void>(get(kW320)); });
    makes_begun_.wait(0);
    const auto second = get(kW640);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::kOverloaded);
    EXPECT_EQ(second.error().reason, "transform_queue_full");
    release();
}

TEST_F(DeliverImageTest, TooManyWaitersForOneKeyAreRefusedAsOverloaded) {
    reset({.max_waiters_per_key = 1});
    hold();
    std::jthread first([&] { static_cast<void>(get(kW320)); });
    makes_begun_.wait(0);
    EXPECT_EQ(get(kW320).error().code, Errc::kOverloaded);
    release();
}

TEST_F(DeliverImageTest, ThoseInLineGetTheirTurn) {
    reset({.max_running = 1, .max_waiting = 8});
    hold();
    std::jthread first([&] { EXPECT_TRUE(get(kW320)); });
    makes_begun_.wait(0);
    std::jthread second([&] { EXPECT_TRUE(get(kW640)); });
    release();
    first.join();
    second.join();
    EXPECT_EQ(makes_, 2);
}

TEST_F(DeliverImageTest, APictureThatCannotBeDecodedSaysWhyAndIsNotKept) {
    refusal_ = imaging::Refusal::kBroken;
    const auto result = get(kW320);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kUnsupportedMedia);
    refusal_ = imaging::Refusal::kNone;
    EXPECT_TRUE(get(kW320));
}

TEST_F(DeliverImageTest, AFailedComputationIsTriedAgainByTheNextWhoAsks) {
    failure_ = Error{Errc::kCrashed, "child died", {}};
    EXPECT_EQ(get(kW320).error().code, Errc::kCrashed);
    failure_.reset();
    EXPECT_TRUE(get(kW320));
}

TEST_F(DeliverImageTest, AComputationThatThrowsGivesItsPlaceBack) {
    reset({.max_running = 1, .max_waiting = 0});
    throws_ = true;
    EXPECT_EQ(get(kW320).error().code, Errc::kInternal);
    EXPECT_EQ(get(kW320).error().code, Errc::kInternal);
    throws_ = false;
    EXPECT_TRUE(get(kW320));
}

TEST_F(DeliverImageTest, AnImageForgottenWhileItsVariantIsMadeDoesNotStayInMemory) {
    const auto image = run_task(deliver_->find(image_)).value();
    hold();
    std::jthread asker([&] { EXPECT_TRUE(get(kW320)); });
    makes_begun_.wait(0);
    deliver_->forget(image_);
    release();
    asker.join();
    EXPECT_FALSE(deliver_->cached(*image, kW320));
}

TEST_F(DeliverImageTest, ADeletedImageIsGoneAtOnce) {
    ASSERT_TRUE(get(kW320));
    Change change;
    change.id = image_;
    change.to = ImageState::kDeleted;
    change.at = clock_.now();
    ASSERT_EQ(run_task(adapters_.catalog->apply(std::move(change))).value(), Applied::kDone);
    deliver_->forget(image_);
    EXPECT_EQ(get(kW320).error().code, Errc::kNotFound);
}

TEST_F(DeliverImageTest, AnImageDeletedByAnotherProcessIsGoneAfterTwoSeconds) {
    ASSERT_TRUE(get(kW320));
    Change change;
    change.id = image_;
    change.to = ImageState::kDeleted;
    change.at = clock_.now();
    ASSERT_TRUE(run_task(adapters_.catalog->apply(std::move(change))));
    clock_.advance(2'001ms);
    EXPECT_EQ(get(kW320).error().code, Errc::kNotFound);
}

TEST(VariantCache, TheLeastRecentlyUsedGoesFirstAndTheBoundHolds) {
    Metrics metrics;
    constexpr std::uint64_t kBound = 16 * 64 * 1024;
    VariantCache cache(kBound, metrics);
    const auto value = [](std::size_t n) {
        auto v = std::make_shared<DeliveredVariant>();
        v->body = std::make_shared<const std::string>(n, 'x');
        return v;
    };
    const ImageId id{"a"};
    cache.insert(id, "1", value(20'000));
    cache.insert(id, "2", value(20'000));
    ASSERT_TRUE(cache.find(id, "1"));
    cache.insert(id, "3", value(40'000));
    EXPECT_TRUE(cache.find(id, "3"));
    EXPECT_FALSE(cache.find(id, "2"));
    cache.insert(id, "whale", value(70'000));
    EXPECT_FALSE(cache.find(id, "whale"));
    EXPECT_LE(cache.bytes(), kBound);
    cache.forget(id);
    EXPECT_EQ(cache.bytes(), 0U);
}

}  // namespace
}  // namespace pixgate
