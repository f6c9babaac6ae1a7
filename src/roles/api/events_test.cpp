#include <boost/asio/co_spawn.hpp>

#include "tests/support/api_fixture.h"

namespace pixgate::testing {
namespace {

class Events : public ApiFixture {
protected:
    struct Event {
        std::int64_t id = 0;
        std::string state;
        std::string image_id;
    };
    static std::vector<Event> parse(std::string_view text) {
        std::vector<Event> out;
        while (!text.empty()) {
            const auto end = text.find("\n\n");
            const std::string block(text.substr(0, end));
            text = end == text.npos ? std::string_view() : text.substr(end + 2);
            if (!block.starts_with("id: ")) continue;
            Event event;
            event.id = std::stoll(block.substr(4));
            EXPECT_NE(block.find("\nevent: image\ndata: "), block.npos) << block;
            const auto image =
                boost::json::parse(block.substr(block.find("data: ") + 6)).as_object();
            event.state = std::string(image.at("state").as_string());
            event.image_id = std::string(image.at("image_id").as_string());
            out.push_back(std::move(event));
        }
        return out;
    }
    // Reads a stream until `n` events have come, or it ends.
    std::vector<Event> read(http::Response& response, std::size_t n) {
        auto& stream = std::get<http::StreamBody>(response.body);
        std::string text;
        for (int pieces = 0; pieces < 50 && parse(text).size() < n; ++pieces) {
            const auto piece = run_task(stream->next());
            if (!piece || piece->empty()) break;
            text += as_text(*piece);
        }
        return parse(text);
    }
};

TEST_F(Events, OfOneImageBeginWithItsStateAndEndAfterItsLast) {
    const auto id = make_upload(kAliceKey);
    auto response = ask("GET", "/v1/images/" + id + "/events", kAliceKey);
    ASSERT_EQ(response.status, 200U);
    EXPECT_EQ(response.get("Content-Type"), "text/event-stream");
    EXPECT_EQ(response.get("Cache-Control"), "no-store");
    auto first = read(response, 1);
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0].state, "pending");
    apply(id, ImageState::kReady);
    const auto rest = parse(text_of(response));
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].state, "ready");
    EXPECT_GT(rest[0].id, first[0].id);
}

TEST_F(Events, OfAFinishedImageAreItsStateAndTheEnd) {
    const auto id = make_upload(kAliceKey);
    apply(id, ImageState::kRejected, "not_an_image");
    auto response = ask("GET", "/v1/images/" + id + "/events", kAliceKey);
    const auto events = parse(text_of(response));
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].state, "rejected");
}

TEST_F(Events, ResumeWhereTheListenerLeftOff) {
    const auto one = make_upload(kAliceKey);
    apply(one, ImageState::kReady);
    const auto seq = run_task(adapters_.catalog->last_seq()).value();
    const auto two = make_upload(kAliceKey);
    apply(two, ImageState::kReady);
    const auto foreign = make_upload(kBobKey);
    apply(foreign, ImageState::kReady);
    for (const auto& headers : {Headers{{"Last-Event-ID", std::to_string(seq)}}, Headers{}}) {
        const std::string target =
            headers.empty() ? "/v1/events?after=" + std::to_string(seq) : "/v1/events";
        auto response = ask("GET", target, kAliceKey, "", headers);
        const auto events = read(response, 1);
        ASSERT_EQ(events.size(), 1U);
        EXPECT_EQ(events[0].image_id, two);
    }
    auto all = ask("GET", "/v1/events?after=" + std::to_string(seq), kAdminKey);
    EXPECT_EQ(read(all, 2).size(), 2U);
    auto of_bob = ask("GET", "/v1/events?owner=bob&after=0", kServerKey);
    EXPECT_EQ(read(of_bob, 1).at(0).image_id, foreign);
    EXPECT_EQ(ask("GET", "/v1/events?owner=bob", kAliceKey).status, 403U);
    EXPECT_EQ(ask("GET", "/v1/events", kAliceKey, "", {{"Last-Event-ID", "-1"}}).status, 400U);
    EXPECT_EQ(ask("GET", "/v1/events?after=x", kAliceKey).status, 400U);
}

// As after a restore: the browser goes on from where the lost data had got to.
TEST_F(Events, FromAnIdThatIsStillToComeGoOnFromNow) {
    const auto seq = run_task(adapters_.catalog->last_seq()).value();
    auto response =
        ask("GET", "/v1/events", kAliceKey, "", {{"Last-Event-ID", std::to_string(seq + 1'000)}});
    const auto id = make_upload(kAliceKey);
    apply(id, ImageState::kReady);
    const auto events = read(response, 1);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].image_id, id);
}

TEST_F(Events, OfOneImageResumeWithWhatWasMissed) {
    const auto id = make_upload(kAliceKey);
    const auto seq = run_task(adapters_.catalog->last_seq()).value();
    apply(id, ImageState::kStored);
    apply(id, ImageState::kReady);
    auto response =
        ask("GET", "/v1/images/" + id + "/events", kAliceKey, "",
            {{"Last-Event-ID", std::to_string(seq)}});
    const auto events = parse(text_of(response));
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].state, "stored");
    EXPECT_EQ(events[1].state, "ready");
}

TEST_F(Events, HeartbeatsKeepTheLineOpen) {
    auto response = ask("GET", "/v1/events", kAliceKey);
    auto& stream = std::get<http::StreamBody>(response.body);
    EXPECT_EQ(as_text(run_task(stream->next()).value()), "retry: 1000\n\n");
    EXPECT_EQ(as_text(run_task(stream->next()).value()), ":hb\n\n");
}

TEST_F(Events, AreLimitedPerCallerAndGiveTheirPlaceBack) {
    options_.max_event_streams_per_caller = 2;
    options_.max_event_streams = 3;
    rebuild();
    auto one = ask("GET", "/v1/events", kAliceKey);
    auto two = ask("GET", "/v1/events", kAliceKey);
    auto three = ask("GET", "/v1/events", kAliceKey);
    EXPECT_EQ(three.status, 429U);
    EXPECT_EQ(code_of(three), "event_streams");
    auto of_bob = ask("GET", "/v1/events", kBobKey);
    EXPECT_EQ(of_bob.status, 200U);
    EXPECT_EQ(ask("GET", "/v1/events", kServerKey).status, 429U);
    one = http::Response();
    EXPECT_EQ(ask("GET", "/v1/events", kAliceKey).status, 200U);
}

TEST_F(Events, EndWhenTheServerStops) {
    auto response = ask("GET", "/v1/events", kAliceKey);
    api_->stop();
    EXPECT_EQ(text_of(response), "retry: 1000\n\n");
}

// The reader runs beside listeners that begin before, within and after what it keeps.
TEST(LiveFeed, GivesEachListenerEveryChangeOnceAndInOrder) {
    ManualClock clock(TimePoint(std::chrono::milliseconds(1'767'225'600'000)));
    auto adapters = memory::make_adapters({}, clock);
    FixedIds ids;
    roles::LiveFeed feed(*adapters.catalog);
    const auto change = [&](int n) -> Task<void> {
        for (int i = 0; i < n; ++i) {
            NewImage wanted;
            wanted.image.id.value = ids.uuid_v7();
            wanted.image.owner = i % 2 == 0 ? "even" : "odd";
            wanted.image.created_at = clock.now();
            (void)co_await adapters.catalog->create(wanted);
            Change ready;
            ready.id = wanted.image.id;
            ready.at = clock.now();
            (void)co_await adapters.catalog->apply(ready);
        }
    };
    const auto listen = [&](std::optional<std::string> owner, std::size_t n,
                            std::vector<std::int64_t>& seen) -> Task<void> {
        std::int64_t position = 0;
        roles::LiveFeed::Filter filter{std::move(owner), std::nullopt};
        while (seen.size() < n) {
            auto batch = co_await feed.next(filter, position, std::chrono::seconds(5));
            if (!batch || batch->entries.empty()) co_return;
            position = batch->position;
            for (const auto& entry : batch->entries) seen.push_back(entry->seq);
        }
    };
    std::vector<std::int64_t> all;
    std::vector<std::int64_t> odd;
    std::vector<std::int64_t> late;
    const auto scenario = [&]() -> Task<void> {
        TaskGroup group;
        StopFlag stop;
        co_await change(50);
        co_await group.start("reader", feed.run(stop));
        co_await group.start("all", listen(std::nullopt, 250, all));
        co_await group.start("odd", listen("odd", 125, odd));
        co_await change(200);
        co_await group.start("late", listen(std::nullopt, 250, late));
        co_await group.wait_below(2, std::chrono::seconds(20));
        stop.set();
        co_await group.wait_below(1, std::chrono::seconds(20));
    };
    run_task(scenario());
    ASSERT_EQ(all.size(), 250U);
    EXPECT_EQ(late, all);
    EXPECT_EQ(odd.size(), 125U);
    EXPECT_TRUE(std::ranges::is_sorted(all));
    EXPECT_TRUE(std::ranges::adjacent_find(all) == all.end());
}

}  // namespace
}  // namespace pixgate::testing
