// Dead letters to Slack, all the way: alert log, digest, webhook.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <charconv>

#include "adapters/slack/slack_alerts.h"
#include "flow/tell_alerts.h"
#include "tests/support/flow_world.h"
#include "tests/support/slack_mock.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;

void make_dead_letters(test::FlowWorld& world, int count) {
    for (int i = 0; i < count; ++i) {
        ASSERT_TRUE(run_task(world.adapters.events->add("{\"<!channel>\":1}")));
        const auto events = run_task(world.adapters.events->next(1, 0ms, 1min));
        ASSERT_EQ(events->size(), 1U);
        ASSERT_TRUE(run_task(
            world.adapters.events->give_up(events->front().id, "unreadable", "<!channel> no JSON")
        ));
    }
}

// "Pixgate: 12 alerts of 1 kind" -> 12
std::uint64_t count_in(const std::string& post) {
    const std::string text(boost::json::parse(post).at("text").as_string());
    std::uint64_t n = 0;
    std::from_chars(
        text.data() + std::string_view("Pixgate: ").size(), text.data() + text.size(), n
    );
    return n;
}

TEST(DeadLettersToSlack, ABurstOfAThousandIsAHandfulOfPostsWhoseCountsAddUp) {
    test::FlowWorld world;
    test::SlackMock mock;
    mock.answer_once(200);
    mock.answer_once(429, "45");
    mock.answer_once(500);
    auto channel = make_slack_alerts({.url = mock.url(), .source = "pixgate on test"});
    ASSERT_TRUE(channel);
    TellAlerts teller(*world.adapters.alerts, **channel, world.clock, 30s);
    for (int second = 0; second < 50; ++second) {
        make_dead_letters(world, 20);
        ASSERT_TRUE(run_task(teller.run()));
        world.clock.advance(1s);
    }
    for (int second = 0; second < 120; ++second) {
        ASSERT_TRUE(run_task(teller.run()));
        world.clock.advance(1s);
    }
    const auto taken = mock.taken();
    EXPECT_LE(mock.posts().size(), 8U);
    EXPECT_LE(taken.size(), 5U);
    EXPECT_EQ(count_in(taken.at(0)), 20U);
    std::uint64_t total = 0;
    for (const auto& post : taken) {
        total += count_in(post);
        EXPECT_EQ(post.find("<!channel>"), std::string::npos);
    }
    EXPECT_EQ(total, 1'000U);
    EXPECT_TRUE(run_task(world.adapters.alerts->pending(1))->empty());
}

TEST(DeadLettersToSlack, AHookThatIsGoneIsAskedOnceAndTheAlertsAreKept) {
    test::FlowWorld world;
    test::SlackMock mock;
    mock.answer(404, "no_service");
    auto channel = make_slack_alerts({.url = mock.url(), .source = "pixgate on test"});
    ASSERT_TRUE(channel);
    TellAlerts teller(*world.adapters.alerts, **channel, world.clock, 30s);
    make_dead_letters(world, 3);
    for (int hour = 0; hour < 5; ++hour) {
        ASSERT_TRUE(run_task(teller.run()));
        world.clock.advance(1h);
    }
    EXPECT_EQ(mock.posts().size(), 1U);
    EXPECT_TRUE(teller.is_off());
    EXPECT_EQ(run_task(world.adapters.alerts->pending(100))->size(), 3U);
}

}  // namespace
}  // namespace pixgate
