#include "flow/deliver_image.h"

#include <gtest/gtest.h>

#include "tests/support/deliver_world.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::kW320;
using test::kW640;
class DeliverImageTest : public test::DeliverWorld {};

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
    const auto image = run_task(deliver_->find(image_)).value().image;
    settle();
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

TEST_F(DeliverImageTest, APictureThatCannotBeDecodedIsRefusedForAMinuteWithoutTryingAgain) {
    refusal_ = imaging::Refusal::kBroken;
    for (int i = 0; i < 100; ++i) {
        const auto result = get(kW320);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, Errc::kUnsupportedMedia);
    }
    EXPECT_EQ(makes_, 1);
    refusal_ = imaging::Refusal::kNone;
    EXPECT_TRUE(get(kW640)) << "only this size of it";
    clock_.advance(61s);
    EXPECT_TRUE(get(kW320));
}

TEST_F(DeliverImageTest, F40_AUrlThatKillsItsChildIsTriedTwiceAMinuteAtMost) {
    failure_ = Error{Errc::kCrashed, "child died", {}};
    for (int second = 0; second < 60; ++second) {
        for (int i = 0; i < 20; ++i) EXPECT_EQ(get(kW320).error().code, Errc::kCrashed);
        clock_.advance(1s);
    }
    EXPECT_LE(makes_, 2);
}

TEST_F(DeliverImageTest, WhatFailsForAPassingReasonIsTriedAgainByTheNextWhoAsks) {
    failure_ = Error{Errc::kUnavailable, "no sandbox now", {}};
    EXPECT_EQ(get(kW320).error().code, Errc::kUnavailable);
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
    const auto image = run_task(deliver_->find(image_)).value().image;
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
    mark_deleted();
    deliver_->bury(image_);
    EXPECT_EQ(get(kW320).error().code, Errc::kNotFound);
}

TEST_F(DeliverImageTest, AnImageDeletedByAnotherProcessIsGoneAfterTwoSeconds) {
    ASSERT_TRUE(get(kW320));
    mark_deleted();
    clock_.advance(2'001ms);
    EXPECT_EQ(get(kW320).error().code, Errc::kNotFound);
}

TEST_F(DeliverImageTest, NothingStaysInTheBucketOfAnImageDeletedWhileItsVariantIsMade) {
    hold();
    std::jthread asker([&] { static_cast<void>(get(kW320)); });
    makes_begun_.wait(0);
    mark_deleted();
    deliver_->bury(image_);
    release();
    asker.join();
    settle();
    const auto listed = run_task(adapters_.store->list(std::string(kVariantsBucket), {}));
    EXPECT_TRUE(listed->objects.empty());
}

}  // namespace
}  // namespace pixgate
