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
        std::size_t max_pending = 0;

        std::size_t images() const {
            std::size_t n = 0;
            for (const auto& batch : told) n += batch.images.size();
            return n;
        }
    };
    RecordingTarget(Record& record, std::string name) : record_(record), name_(std::move(name)) {}
    Task<Result<void>> purge(const PurgeBatch& batch, std::chrono::seconds& retry_after_out)
        override {
        record_.references.push_back(batch.reference);
        retry_after_out = 0s;
        if (record_.failure) co_return std::unexpected(*record_.failure);
        record_.told.push_back(batch);
        co_return Result<void>{};
    }
    std::size_t max_images() const override { return 2; }
    std::size_t max_pending() const override { return record_.max_pending; }
    std::string_view name() const override { return name_; }

private:
    Record& record_;
    std::string name_;
};

class PurgeCachesTest : public test::DeliverWorld {
protected:
    void SetUp() override {
        DeliverWorld::SetUp();
        begin();
        take_over();
    }
    // As after a restart: only the outbox is what it was.
    void begin() {
        std::vector<std::unique_ptr<PurgeTarget>> targets;
        targets.push_back(std::make_unique<RecordingTarget>(first_, "first"));
        targets.push_back(std::make_unique<RecordingTarget>(second_, "second"));
        purge_.emplace(PurgeCaches::Ports{
            *catalog_, *adapters_.purges, *adapters_.alerts, std::move(targets), clock_, metrics_,
            "here"
        });
    }
    void take_over() { ASSERT_TRUE(run_task(purge_->take_over())); }
    // One turn of each.
    void round() {
        take_over();
        for (std::size_t way = 0; way < purge_->ways(); ++way) tell(way);
    }
    std::chrono::milliseconds tell(std::size_t way) { return run_task(purge_->tell(way)).value(); }
    void delete_ready_image() {
        image_ = add_ready_image();
        mark_deleted();
    }
    std::size_t pending(const char* way) {
        return run_task(adapters_.purges->pending(way, 1'000))->size();
    }
    std::size_t alerts() { return run_task(adapters_.alerts->pending(100))->size(); }

    static constexpr std::size_t kFirst = 0;
    RecordingTarget::Record first_;
    RecordingTarget::Record second_;
    std::optional<PurgeCaches> purge_;
};

TEST_F(PurgeCachesTest, EachDeletedPictureIsToldOnceAndNothingElse) {
    add_ready_image();
    for (int i = 0; i < 3; ++i) delete_ready_image();
    round();
    EXPECT_EQ(first_.images(), 2U) << "as many as the target takes at once";
    round();
    EXPECT_EQ(first_.images(), 3U);
    EXPECT_GT(tell(kFirst), 0ms);
    EXPECT_EQ(first_.images(), 3U);
    EXPECT_EQ(second_.told.size(), 2U);
}

TEST_F(PurgeCachesTest, ItIsToldAgainHalfAMinuteLaterForAnswersThatWereOnTheirWay) {
    delete_ready_image();
    round();
    clock_.advance(29s);
    round();
    EXPECT_EQ(first_.images(), 1U);
    clock_.advance(2s);
    round();
    ASSERT_EQ(first_.images(), 2U);
    EXPECT_NE(first_.references[0], first_.references[1]) << "or it would count as a retry";
    EXPECT_EQ(pending("first"), 0U);
    clock_.advance(60s);
    round();
    EXPECT_EQ(first_.images(), 2U);
}

TEST_F(PurgeCachesTest, WhatIsToldLateIsToldOnce) {
    first_.failure = Error{Errc::kUnavailable, "down", {}};
    delete_ready_image();
    round();
    clock_.advance(5min);
    round();
    EXPECT_EQ(first_.references.size(), 2U) << "the second time waits for the first";
    first_.failure.reset();
    round();
    round();
    EXPECT_EQ(first_.images(), 1U);
}

TEST_F(PurgeCachesTest, WhatWasNotToldIsToldAfterARestart) {
    first_.failure = Error{Errc::kUnavailable, "down", {}};
    delete_ready_image();
    take_over();
    EXPECT_GE(tell(kFirst), 500ms);
    delete_ready_image();
    begin();
    first_.failure.reset();
    round();
    round();
    EXPECT_EQ(first_.images(), 2U);
    EXPECT_EQ(pending("first"), 0U);
}

TEST_F(PurgeCachesTest, ADeadTargetKeepsNothingFromTheOthers) {
    first_.failure = Error{Errc::kUnavailable, "down", {}};
    for (int i = 0; i < 5; ++i) {
        delete_ready_image();
        round();
    }
    EXPECT_EQ(second_.images(), 5U);
    EXPECT_EQ(pending("first"), 5U);
    EXPECT_EQ(first_.images(), 0U);
    begin();
    clock_.advance(1min);
    first_.failure.reset();
    for (int i = 0; i < 4; ++i) round();
    EXPECT_EQ(first_.images(), 5U);
    EXPECT_EQ(second_.images(), 10U) << "the second time";
    EXPECT_EQ(pending("nobody"), 0U) << "what all were told is not kept";
}

TEST_F(PurgeCachesTest, AllOfTheFeedIsTakenOverWhileNoTargetAnswers) {
    first_.failure = second_.failure = Error{Errc::kUnavailable, "down", {}};
    for (int i = 0; i < 130; ++i) delete_ready_image();
    take_over();
    EXPECT_EQ(pending("first"), 130U);
    EXPECT_EQ(
        run_task(adapters_.purges->position())->value(), run_task(catalog_->last_seq()).value()
    );
    EXPECT_EQ(alerts(), 0U);
}

TEST_F(PurgeCachesTest, WhatWasPrunedUnreadRaisesAnAlert) {
    delete_ready_image();
    delete_ready_image();
    catalog_->pruned_up_to = run_task(catalog_->last_seq()).value() - 1;
    take_over();
    take_over();
    const auto raised = run_task(adapters_.alerts->pending(10)).value();
    ASSERT_EQ(raised.size(), 1U);
    EXPECT_EQ(raised[0].kind, "purges_lost");
    EXPECT_EQ(pending("first"), 1U) << "what is left is told";
}

TEST_F(PurgeCachesTest, WhoCanDropEverythingIsToldSoWhenTooManyWait) {
    first_.max_pending = 3;
    for (int i = 0; i < 3; ++i) delete_ready_image();
    round();
    ASSERT_EQ(first_.told.size(), 1U);
    EXPECT_FALSE(first_.told[0].is_everything);
    for (int i = 0; i < 3; ++i) delete_ready_image();
    round();
    ASSERT_EQ(first_.told.size(), 2U);
    EXPECT_TRUE(first_.told[1].is_everything);
    EXPECT_EQ(pending("first"), 0U);
    EXPECT_EQ(second_.images(), 4U) << "who cannot is told each of them";
}

TEST_F(PurgeCachesTest, ARetryHasTheSameReference) {
    first_.failure = Error{Errc::kOverloaded, "too many", {}};
    delete_ready_image();
    round();
    delete_ready_image();
    round();
    ASSERT_EQ(first_.references.size(), 2U);
    EXPECT_EQ(first_.references[0], first_.references[1]);
    first_.failure.reset();
    round();
    round();
    EXPECT_EQ(first_.images(), 2U);
}

TEST_F(PurgeCachesTest, TenMinutesOfFailureRaiseAnAlertAndThenOneEachHour) {
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
    EXPECT_EQ(first_.images(), 0U);
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
