#include "flow/purge_caches.h"

#include <gtest/gtest.h>

#include "flow/follow_changes.h"
#include "tests/support/deliver_world.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::kW320;

// A cache in front that keeps what it was told, and fails on demand.
class RecordingTarget : public PurgeTarget {
public:
    struct Record {
        std::vector<PurgeBatch> told;
        std::vector<std::string> references;  // of all calls
        std::optional<Error> failure;
    };
    explicit RecordingTarget(Record& record) : record_(record) {}
    Task<Result<void>> purge(const PurgeBatch& batch, std::chrono::seconds& retry_after_out)
        override {
        record_.references.push_back(batch.reference);
        retry_after_out = 0s;
        if (record_.failure) co_return std::unexpected(*record_.failure);
        record_.told.push_back(batch);
        co_return Result<void>{};
    }
    std::size_t max_images() const override { return 2; }
    std::string_view name() const override { return "recording"; }

private:
    Record& record_;
};

class PurgeCachesTest : public test::DeliverWorld {
protected:
    void SetUp() override {
        DeliverWorld::SetUp();
        begin();
        round();
    }
    // As after a restart: only the outbox is what it was.
    void begin() {
        std::vector<std::unique_ptr<PurgeTarget>> targets;
        targets.push_back(std::make_unique<RecordingTarget>(first_));
        targets.push_back(std::make_unique<RecordingTarget>(second_));
        purge_.emplace(PurgeCaches::Ports{
            *adapters_.catalog, *adapters_.purges, *adapters_.alerts, std::move(targets), clock_,
            metrics_, "here"
        });
    }
    std::chrono::milliseconds round() { return run_task(purge_->round()).value(); }
    std::size_t told() const {
        std::size_t n = 0;
        for (const auto& batch : first_.told) n += batch.images.size();
        return n;
    }
    void delete_ready_image() {
        image_ = add_ready_image();
        mark_deleted();
    }

    RecordingTarget::Record first_;
    RecordingTarget::Record second_;
    std::optional<PurgeCaches> purge_;
};

TEST_F(PurgeCachesTest, EachDeletedPictureIsToldOnceAndNothingElse) {
    add_ready_image();
    for (int i = 0; i < 3; ++i) delete_ready_image();
    round();
    EXPECT_EQ(told(), 2U) << "as many as the target takes at once";
    round();
    EXPECT_EQ(told(), 3U);
    EXPECT_GT(round(), 0ms);
    EXPECT_EQ(told(), 3U);
    EXPECT_EQ(second_.told.size(), 2U);
}

TEST_F(PurgeCachesTest, WhatWasNotToldIsToldAfterARestart) {
    first_.failure = Error{Errc::kUnavailable, "down", {}};
    delete_ready_image();
    EXPECT_GE(round(), 500ms);
    delete_ready_image();
    begin();
    first_.failure.reset();
    round();
    round();
    EXPECT_EQ(told(), 2U);
    EXPECT_TRUE(run_task(adapters_.purges->pending(10))->empty());
}

TEST_F(PurgeCachesTest, ARetryHasTheSameReferenceAndSparesWhoWasTold) {
    first_.failure = Error{Errc::kOverloaded, "too many", {}};
    delete_ready_image();
    round();
    delete_ready_image();
    round();
    ASSERT_EQ(first_.references.size(), 2U);
    EXPECT_EQ(first_.references[0], first_.references[1]);
    EXPECT_EQ(second_.references.size(), 1U);
    first_.failure.reset();
    round();
    round();
    EXPECT_EQ(told(), 2U);
    EXPECT_EQ(second_.references.size(), 2U);
}

TEST_F(PurgeCachesTest, TenMinutesOfFailureRaiseAnAlertAndThenOneEachHour) {
    const auto alerts = [this] { return run_task(adapters_.alerts->pending(100))->size(); };
    first_.failure = Error{Errc::kPermissionDenied, "no", {}};
    delete_ready_image();
    round();
    clock_.advance(9min);
    round();
    EXPECT_EQ(alerts(), 0U);
    clock_.advance(2min);
    round();
    round();
    EXPECT_EQ(alerts(), 1U);
    clock_.advance(61min);
    round();
    EXPECT_EQ(alerts(), 2U);
    EXPECT_EQ(run_task(adapters_.alerts->pending(1))->at(0).kind, "purge_failing");
}

TEST_F(PurgeCachesTest, APictureThatWasNeverShownNeedsNoPurge) {
    NewImage row;
    row.image.id = ImageId{ids_.uuid_v7()};
    row.image.created_at = clock_.now();
    image_ = row.image.id;
    ASSERT_TRUE(run_task(adapters_.catalog->create(std::move(row))));
    mark_deleted();
    round();
    EXPECT_EQ(told(), 0U);
}

TEST_F(PurgeCachesTest, AReplacedPictureIsDroppedHereAndPurged) {
    FollowChanges follow(*catalog_, *deliver_, metrics_);
    ASSERT_TRUE(run_task(follow.step(0ms)));
    ASSERT_TRUE(get(kW320));
    const auto before = run_task(deliver_->find(image_))->image;
    ASSERT_TRUE(deliver_->cached(*before, kW320));
    replace_original("quite another one", ImageState::kReady);
    EXPECT_EQ(run_task(follow.step(0ms)).value(), 1U);
    EXPECT_FALSE(deliver_->cached(*before, kW320));
    const auto after = get(kW320);
    ASSERT_TRUE(after) << "and no look-up is waited for";
    EXPECT_EQ(*(*after)->body, "w=320,f=jpeg of 17");
    round();
    ASSERT_EQ(first_.told.size(), 1U);
    EXPECT_EQ(first_.told[0].images, std::vector{image_});
    settle();
}

TEST_F(PurgeCachesTest, APictureWhoseReplacementIsRefusedIsDroppedHereAndPurged) {
    FollowChanges follow(*catalog_, *deliver_, metrics_);
    ASSERT_TRUE(run_task(follow.step(0ms)));
    ASSERT_TRUE(get(kW320));
    const auto before = run_task(deliver_->find(image_))->image;
    replace_original("quite another one", ImageState::kRejected);
    EXPECT_EQ(run_task(follow.step(0ms)).value(), 1U);
    EXPECT_FALSE(deliver_->cached(*before, kW320));
    EXPECT_EQ(run_task(deliver_->find(image_))->image->state, ImageState::kRejected);
    round();
    ASSERT_EQ(first_.told.size(), 1U);
    EXPECT_EQ(first_.told[0].images, std::vector{image_});
    settle();
}

TEST_F(PurgeCachesTest, G113_ADeletionElsewhereLeavesTheMemoryOfThisProcess) {
    FollowChanges follow(*catalog_, *deliver_, metrics_);
    ASSERT_TRUE(run_task(follow.step(0ms)));
    ASSERT_TRUE(get(kW320));
    const auto image = run_task(deliver_->find(image_))->image;
    mark_deleted();
    EXPECT_EQ(run_task(follow.step(0ms)).value(), 1U);
    EXPECT_FALSE(deliver_->cached(*image, kW320));
    EXPECT_EQ(get(kW320).error().code, Errc::kNotFound) << "and no look-up is waited for";
    settle();
}

}  // namespace
}  // namespace pixgate
