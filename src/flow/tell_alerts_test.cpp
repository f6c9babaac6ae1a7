#include "flow/tell_alerts.h"

#include <gtest/gtest.h>

#include "adapters/memory/alert_channel.h"
#include "tests/support/flow_world.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::FlowWorld;

// The world's alert log, whose marking may fail.
class ForgetfulLog : public AlertLog {
public:
    explicit ForgetfulLog(AlertLog& inner) : inner_(inner) {}
    Task<Result<void>> raise(Alert alert) override { return inner_.raise(std::move(alert)); }
    Task<Result<std::vector<Alert>>> pending(std::size_t limit) override {
        return inner_.pending(limit);
    }
    Task<Result<void>> mark_said(std::int64_t up_to_seq) override {
        if (forgets) co_return fail(Errc::kUnavailable, "on purpose");
        co_return co_await inner_.mark_said(up_to_seq);
    }
    bool forgets = false;

private:
    AlertLog& inner_;
};

struct Teller {
    explicit Teller(FlowWorld& w)
        : world(w), log(*w.adapters.alerts), teller(log, channel, w.clock, 30s) {}

    void raise(std::string cause, int n = 1, std::string kind = "dead_letter") {
        for (int i = 0; i < n; ++i) {
            Alert alert;
            alert.kind = kind;
            alert.cause = cause;
            alert.text = "example";
            alert.at = world.clock.now();
            EXPECT_TRUE(run_task(world.adapters.alerts->raise(alert)));
        }
    }
    Result<std::chrono::milliseconds> round() { return run_task(teller.run()); }
    std::size_t waiting() { return run_task(log.pending(100'000)).value().size(); }

    FlowWorld& world;
    ForgetfulLog log;
    memory::RecordingChannel channel;
    TellAlerts teller;
};

TEST(TellAlerts, TheFirstIsSaidAtOnceAndABurstIsAHandfulOfPostsWithExactCounts) {
    FlowWorld world;
    Teller t(world);
    for (int i = 0; i < 1'000; ++i) {  // one minute of trouble
        t.raise(i % 3 == 0 ? "unreadable" : "retries_exhausted");
        ASSERT_TRUE(t.round());
        world.clock.advance(60ms);
    }
    world.clock.advance(30s);
    ASSERT_TRUE(t.round());
    const auto posts = t.channel.posts();
    EXPECT_EQ(posts.front().total, 1U);
    EXPECT_LE(posts.size(), 4U);
    std::uint64_t unreadable = 0;
    std::uint64_t exhausted = 0;
    for (const auto& post : posts) {
        std::uint64_t total = 0;
        for (const auto& group : post.groups) {
            (group.cause == "unreadable" ? unreadable : exhausted) += group.count;
            total += group.count;
        }
        EXPECT_EQ(total, post.total);
    }
    EXPECT_EQ(unreadable, 334U);
    EXPECT_EQ(exhausted, 666U);
    EXPECT_EQ(t.waiting(), 0U);
}

TEST(TellAlerts, WhileTheChannelIsAwayNothingIsLostAndTriesBecomeRare) {
    FlowWorld world;
    Teller t(world);
    t.channel.fail_with(Error{Errc::kUnavailable, "away", {}});
    int rounds = 0;
    const auto until = world.clock.now() + 24h;
    while (world.clock.now() < until) {
        t.raise("retries_exhausted");
        const auto wait = t.round();
        ASSERT_TRUE(wait);
        EXPECT_LE(*wait, 5min);
        world.clock.advance(*wait);
        ++rounds;
    }
    EXPECT_LE(rounds, 24 * 60 / 2);  // 2.5 minutes at least, once it has grown
    t.channel.fail_with(std::nullopt);
    ASSERT_TRUE(t.round());
    ASSERT_EQ(t.channel.posts().size(), 1U);
    EXPECT_EQ(t.channel.posts()[0].total, static_cast<std::uint64_t>(rounds));
}

TEST(TellAlerts, DoesNotComeBackBeforeTheChannelWantsIt) {
    FlowWorld world;
    Teller t(world);
    t.raise("retries_exhausted");
    t.channel.fail_with(Error{Errc::kOverloaded, "rate_limited", {}}, 77s);
    EXPECT_EQ(t.round().value(), 77s);
    t.channel.fail_with(std::nullopt);
    world.clock.advance(76s);
    EXPECT_EQ(t.round().value(), 1s);
    EXPECT_TRUE(t.channel.posts().empty());
    world.clock.advance(1s);
    ASSERT_TRUE(t.round());
    EXPECT_EQ(t.channel.posts().size(), 1U);
}

TEST(TellAlerts, APermanentRefusalTurnsTheChannelOffAndKeepsTheAlerts) {
    FlowWorld world;
    Teller t(world);
    t.raise("retries_exhausted", 5);
    t.channel.fail_with(Error{Errc::kPermissionDenied, "no_service", {}});
    EXPECT_EQ(t.round().value(), 1h);
    EXPECT_TRUE(t.teller.is_off());
    t.channel.fail_with(std::nullopt);
    world.clock.advance(1h);
    EXPECT_EQ(t.round().value(), 1h);
    EXPECT_TRUE(t.channel.posts().empty());
    EXPECT_EQ(t.waiting(), 5U);
    TellAlerts restarted(t.log, t.channel, world.clock, 30s);
    ASSERT_TRUE(run_task(restarted.run()));
    EXPECT_EQ(t.channel.posts().at(0).total, 5U);
}

TEST(TellAlerts, ACrashBetweenSayingAndMarkingSaysTheSameDigestOnceMore) {
    FlowWorld world;
    Teller t(world);
    t.raise("retries_exhausted", 3);
    t.log.forgets = true;
    EXPECT_FALSE(t.round());
    TellAlerts restarted(t.log, t.channel, world.clock, 30s);
    t.log.forgets = false;
    ASSERT_TRUE(run_task(restarted.run()));
    world.clock.advance(1min);
    ASSERT_TRUE(run_task(restarted.run()));
    const auto posts = t.channel.posts();
    ASSERT_EQ(posts.size(), 2U);
    EXPECT_EQ(posts[0].id, posts[1].id);
    EXPECT_EQ(t.waiting(), 0U);
}

TEST(TellAlerts, WhereOnlyMarkingFailedNothingIsSaidTwice) {
    FlowWorld world;
    Teller t(world);
    t.raise("retries_exhausted", 3);
    t.log.forgets = true;
    EXPECT_FALSE(t.round());
    t.log.forgets = false;
    t.raise("unreadable", 2);
    world.clock.advance(30s);
    ASSERT_TRUE(t.round());
    const auto posts = t.channel.posts();
    ASSERT_EQ(posts.size(), 2U);
    EXPECT_EQ(posts[1].total, 2U);
    EXPECT_EQ(t.waiting(), 0U);
}

TEST(MakeDigest, GroupsByKindAndCauseInOrderOfFirstAppearance) {
    std::vector<Alert> alerts;
    const TimePoint start{1'000'000ms};
    for (int i = 0; i < 6; ++i) {
        Alert alert;
        alert.seq = 10 + i;
        alert.kind = i % 2 == 0 ? "dead_letter" : "image_stuck";
        alert.cause = "same";
        alert.text = "example " + std::to_string(i);
        alert.at = start + std::chrono::seconds{i};
        alerts.push_back(alert);
    }
    const auto digest = make_digest(alerts);
    EXPECT_EQ(digest.id, "alerts-10-15");
    EXPECT_EQ(digest.total, 6U);
    ASSERT_EQ(digest.groups.size(), 2U);
    EXPECT_EQ(digest.groups[0].kind, "dead_letter");
    EXPECT_EQ(digest.groups[0].count, 3U);
    EXPECT_EQ(digest.groups[0].example, "example 0");
    EXPECT_EQ(digest.groups[1].first_at, start + 1s);
    EXPECT_EQ(digest.groups[1].last_at, start + 5s);
}

}  // namespace
}  // namespace pixgate
