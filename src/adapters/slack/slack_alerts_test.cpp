#include "adapters/slack/slack_alerts.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "adapters/slack/slack_message.h"
#include "base/encoding.h"
#include "tests/support/slack_mock.h"

namespace pixgate {
namespace {

using namespace std::chrono_literals;
using test::SlackMock;
namespace json = boost::json;

AlertDigest digest_of(std::size_t groups, std::uint64_t count_each, std::string example = "x") {
    AlertDigest digest;
    digest.id = "alerts-1-9";
    for (std::size_t i = 0; i < groups; ++i) {
        AlertGroup group;
        group.kind = "dead_letter";
        group.cause = "cause_" + std::to_string(i);
        group.example = example;
        group.count = count_each;
        group.first_at = TimePoint{1'768'469'400'000ms};
        group.last_at = TimePoint{1'768'469'460'000ms};
        digest.groups.push_back(group);
        digest.total += count_each;
    }
    return digest;
}

Result<void> post(SlackMock& mock, const AlertDigest& digest, std::chrono::seconds& retry_after) {
    auto channel = make_slack_alerts({.url = mock.url(), .source = "pixgate on test"});
    EXPECT_TRUE(channel);
    return run_task((*channel)->post(digest, retry_after));
}

TEST(SlackMessage, HasFallbackTextBlocksAndTheDigestsId) {
    const auto message =
        json::parse(slack::message_json(digest_of(2, 500), "pixgate on test")).as_object();
    EXPECT_EQ(message.at("text").as_string(), "Pixgate: 1000 alerts of 2 kinds");
    const auto& blocks = message.at("blocks").as_array();
    ASSERT_EQ(blocks.size(), 4U);
    EXPECT_EQ(blocks[0].at("type").as_string(), "header");
    const std::string section(blocks[1].at("text").at("text").as_string());
    EXPECT_NE(section.find("*Dead letter* · cause_0 · ×500"), std::string::npos);
    EXPECT_NE(
        section.find("2026-01-15T09:30:00.000Z to 2026-01-15T09:31:00.000Z"), std::string::npos
    );
    const std::string context(blocks[3].at("elements").at(0).at("text").as_string());
    EXPECT_EQ(context, "pixgate on test · alerts-1-9");
}

TEST(SlackMessage, ForeignTextCanNeitherMentionNorLinkNorGrow) {
    const auto text = slack::message_json(
        digest_of(
            1, 1, "<!channel> <https://evil.example|me> & \x01\n\xff" + std::string(10'000, '<')
        ),
        "<@U123>"
    );
    const auto message = json::parse(text).as_object();
    for (const auto& block : message.at("blocks").as_array()) {
        std::string shown;
        if (block.as_object().contains("elements")) {
            shown = block.at("elements").at(0).at("text").as_string();
            EXPECT_TRUE(block.at("elements").at(0).at("verbatim").as_bool());
        } else {
            shown = block.at("text").at("text").as_string();
        }
        EXPECT_EQ(shown.find_first_of("<>"), std::string::npos) << shown;
        EXPECT_LT(shown.size(), 600U);
    }
    EXPECT_NE(text.find("&lt;!channel&gt;"), std::string::npos);
}

TEST(SlackMessage, EscapeCutsBetweenCharactersAndEntities) {
    EXPECT_EQ(slack::escape("ab<", 4), "ab");
    EXPECT_EQ(slack::escape("ab<", 6), "ab&lt;");
    EXPECT_EQ(slack::escape("한글", 5), "한");
    EXPECT_EQ(slack::escape("a\tb\x7f", 10), "a b ");
}

TEST(SlackMessage, StaysUnderSlacksLimitsHoweverManyKinds) {
    const auto text = slack::message_json(digest_of(500, 3, std::string(1'000, '&')), "s");
    const auto message = json::parse(text).as_object();
    const auto& blocks = message.at("blocks").as_array();
    EXPECT_LE(blocks.size(), 50U);
    EXPECT_LT(text.size(), 13'000U);
    const std::string last(blocks[blocks.size() - 2].at("text").at("text").as_string());
    EXPECT_EQ(last, "and 480 more kinds with 1440 alerts: see the log and the dead letters");
}

TEST(SlackAlerts, PostsJsonAndTakesOkForAnAnswer) {
    SlackMock mock;
    std::chrono::seconds retry_after{0};
    EXPECT_TRUE(post(mock, digest_of(1, 1), retry_after));
    ASSERT_EQ(mock.posts().size(), 1U);
    EXPECT_TRUE(json::parse(mock.posts()[0]).is_object());
    mock.answer(200, "<html>captive portal</html>");
    EXPECT_EQ(post(mock, digest_of(1, 1), retry_after).error().code, Errc::kUnavailable);
}

TEST(SlackAlerts, AnswersAreClassifiedByTheirStatus) {
    struct Case {
        unsigned status;
        const char* body;
        Errc code;
        std::size_t posts;  // a refused form is sent once more, without blocks
    };
    for (const auto& [status, body, code, posts] : std::initializer_list<Case>{
             {400, "invalid_blocks", Errc::kInvalidArgument, 2},
             {403, "invalid_token", Errc::kPermissionDenied, 1},
             {404, "no_service", Errc::kPermissionDenied, 1},
             {410, "channel_is_archived", Errc::kPermissionDenied, 1},
             {429, "rate_limited", Errc::kOverloaded, 1},
             {500, "rollup_error", Errc::kUnavailable, 1},
             {503, "", Errc::kUnavailable, 1},
             {302, "", Errc::kUnavailable, 1},
             {404, "Cannot POST /services/SECRET", Errc::kPermissionDenied, 1},
             {500, "services_SECRET", Errc::kUnavailable, 1},
         }) {
        SlackMock mock;
        mock.answer(status, body);
        std::chrono::seconds retry_after{0};
        const auto result = post(mock, digest_of(1, 1), retry_after);
        ASSERT_FALSE(result) << status;
        EXPECT_EQ(result.error().code, code) << status;
        EXPECT_EQ(mock.posts().size(), posts) << status;
        EXPECT_EQ(result.error().message.find("SECRET"), std::string::npos);
    }
}

TEST(SlackAlerts, RetryAfterIsReadAndBounded) {
    SlackMock mock;
    std::chrono::seconds retry_after{0};
    mock.answer(429, "rate_limited", "17");
    EXPECT_FALSE(post(mock, digest_of(1, 1), retry_after));
    EXPECT_EQ(retry_after, 17s);
    mock.answer(429, "rate_limited", "99999999");
    EXPECT_FALSE(post(mock, digest_of(1, 1), retry_after));
    EXPECT_EQ(retry_after, 1h);
    mock.answer(429, "rate_limited", "-5");
    EXPECT_FALSE(post(mock, digest_of(1, 1), retry_after));
    EXPECT_EQ(retry_after, 1s);
}

TEST(SlackAlerts, NeitherErrorsNorTheFactoryTellTheUrl) {
    auto nobody = make_slack_alerts({.url = "http://127.0.0.1:1/services/SECRET", .source = "s"});
    ASSERT_TRUE(nobody);
    std::chrono::seconds retry_after{0};
    const auto result = run_task((*nobody)->post(digest_of(1, 1), retry_after));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kUnavailable);
    EXPECT_EQ(result.error().message.find("SECRET"), std::string::npos);
    for (const char* url : {"http://hooks.slack.com/SECRET", "file:///SECRET", ""}) {
        const auto refused = make_slack_alerts({.url = url, .source = "s"});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().message.find("SECRET"), std::string::npos);
    }
}

}  // namespace
}  // namespace pixgate
