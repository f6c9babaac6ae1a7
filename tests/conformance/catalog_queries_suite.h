// What every Catalog must do when asked: permissions and their quota, lists, feed, what is due.
#pragma once

#include <thread>

#include "tests/conformance/catalog_fixture.h"

namespace pixgate::tests::catalog_queries {

using namespace catalog;

inline void a_used_idempotency_key_gives_the_same_image(World& w) {
    auto wanted = new_image(w);
    wanted.idempotency_key = "once";
    wanted.request_hash = "h1";
    const auto first = run_task(w.catalog().create(wanted));
    ASSERT_TRUE(first);
    auto again = new_image(w);
    again.idempotency_key = "once";
    again.request_hash = "h1";
    const auto second = run_task(w.catalog().create(again));
    ASSERT_TRUE(second);
    EXPECT_TRUE(second->is_replay);
    EXPECT_EQ(second->image.id, first->image.id);
    EXPECT_EQ(run_task(w.catalog().find(again.image.id)).error().code, Errc::kNotFound);
    again.request_hash = "h2";
    const auto reused = run_task(w.catalog().create(again));
    EXPECT_EQ(reused.error().code, Errc::kFailedPrecondition);
    EXPECT_EQ(reused.error().reason, "idempotency_key_reused");
    again.caller_id = "key-2";
    EXPECT_FALSE(run_task(w.catalog().create(again))->is_replay);
}

inline void open_images_of_a_caller_are_bounded(World& w) {
    const auto ask = [&w](const char* caller) {
        auto wanted = new_image(w);
        wanted.caller_id = caller;
        wanted.max_open = 2;
        return run_task(w.catalog().create(wanted));
    };
    const auto first = ask("a");
    ASSERT_TRUE(first && ask("a"));
    const auto third = ask("a");
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error().code, Errc::kOverloaded);
    EXPECT_EQ(third.error().reason, "open_uploads");
    EXPECT_TRUE(ask("b"));
    EXPECT_EQ(apply(w, to_state(w, first->image, ImageState::kExpired)), Applied::kDone);
    EXPECT_TRUE(ask("a"));
}

inline void the_list_is_newest_first_in_pages(World& w) {
    std::vector<std::string> ids;
    for (int i = 0; i < 7; ++i) {
        ids.insert(ids.begin(), create(w, i % 2 == 0 ? "ann" : "bob").id.value);
        w.clock.advance(seconds(1));
    }
    std::vector<std::string> listed;
    ImageQuery query;
    query.limit = 3;
    do {
        const auto page = run_task(w.catalog().list(query));
        ASSERT_TRUE(page);
        EXPECT_LE(page->images.size(), 3U);
        for (const auto& image : page->images) listed.push_back(image.id.value);
        query.cursor = page->next_cursor;
    } while (!query.cursor.empty() && listed.size() < 20);
    EXPECT_EQ(listed, ids);
    query = {};
    query.owner = "bob";
    const auto of_bob = run_task(w.catalog().list(query));
    ASSERT_EQ(of_bob->images.size(), 3U);
    for (const auto& image : of_bob->images) EXPECT_EQ(image.owner, "bob");
    query.cursor = "nonsense";
    EXPECT_EQ(run_task(w.catalog().list(query)).error().code, Errc::kInvalidArgument);
}

inline void the_list_can_be_of_one_state(World& w) {
    const Image a = create(w);
    const Image b = create(w, "bob");
    const Image c = create(w);
    apply(w, ready(w, a, "01"));
    apply(w, to_state(w, c, ImageState::kRejected, "not_a_picture"));
    const auto ids = [&w](ImageQuery query) {
        std::vector<ImageId> out;
        for (const auto& image : run_task(w.catalog().list(query))->images) {
            out.push_back(image.id);
        }
        return out;
    };
    const auto query = [](std::optional<ImageState> state, std::optional<std::string> owner) {
        ImageQuery out;
        out.state = state;
        out.owner = std::move(owner);
        return out;
    };
    EXPECT_EQ(ids(query(ImageState::kReady, {})), std::vector{a.id});
    EXPECT_EQ(ids(query(ImageState::kPending, {})), std::vector{b.id});
    EXPECT_EQ(ids(query(ImageState::kRejected, "ann")), std::vector{c.id});
    EXPECT_TRUE(ids(query(ImageState::kRejected, "bob")).empty());
    EXPECT_TRUE(ids(query(ImageState::kReady, "bob")).empty());
    EXPECT_EQ(ids(query({}, {})), (std::vector{c.id, b.id, a.id}));
}

inline void the_feed_tells_every_change_in_order(World& w) {
    EXPECT_EQ(run_task(w.catalog().last_seq()).value(), 0);
    const Image a = create(w);
    const Image b = create(w, "bob");
    EXPECT_TRUE(feed(w).empty());
    apply(w, variant_of(w, a, "thumb", "01"));
    apply(w, ready(w, b, "02"));
    apply(w, ready(w, a, "03"));
    const auto all = feed(w);
    ASSERT_EQ(all.size(), 3U);
    EXPECT_LT(all[0].seq, all[1].seq);
    EXPECT_LT(all[1].seq, all[2].seq);
    EXPECT_EQ(run_task(w.catalog().last_seq()).value(), all[2].seq);
    // Each entry is the image as it was then.
    EXPECT_EQ(all[0].image.state, ImageState::kPending);
    EXPECT_EQ(all[0].image.variants.size(), 1U);
    EXPECT_EQ(all[1].image.id, b.id);
    EXPECT_EQ(write_snapshot(all[2].image), write_snapshot(find(w, a.id)));
    FeedQuery query;
    query.after = all[0].seq;
    EXPECT_EQ(feed(w, query).size(), 2U);
    query.limit = 1;
    EXPECT_EQ(feed(w, query).at(0).seq, all[1].seq);
    query = {};
    query.owner = "ann";
    EXPECT_EQ(feed(w, query).size(), 2U);
    query.image_id = b.id;
    EXPECT_TRUE(feed(w, query).empty());
    query.owner = "bob";
    EXPECT_EQ(feed(w, query).size(), 1U);
}

inline void a_listener_is_woken_by_a_change(World& w) {
    const Image image = create(w);
    std::jthread later([&] {
        std::this_thread::sleep_for(milliseconds(20));
        apply(w, ready(w, image, "01"));
    });
    FeedQuery query;
    query.wait = seconds(30);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(feed(w, query).size(), 1U);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(20));
}

inline void what_is_due_comes_oldest_first(World& w) {
    const Image a = create(w);
    w.clock.advance(seconds(10));
    const Image b = create(w);
    const Image c = create(w);
    apply(w, to_state(w, c, ImageState::kStored));
    const auto due = [&w](ImageState state, TimePoint before, std::size_t limit = 100) {
        std::vector<ImageId> out;
        for (const auto& image : run_task(w.catalog().due({state, before, limit})).value()) {
            out.push_back(image.id);
        }
        return out;
    };
    const auto expiry = a.expires_at;
    EXPECT_TRUE(due(ImageState::kPending, expiry).empty());
    EXPECT_EQ(due(ImageState::kPending, expiry + seconds(1)), std::vector{a.id});
    EXPECT_EQ(due(ImageState::kPending, expiry + seconds(60)), (std::vector{a.id, b.id}));
    EXPECT_EQ(due(ImageState::kPending, expiry + seconds(60), 1), std::vector{a.id});
    EXPECT_TRUE(due(ImageState::kStored, w.clock.now()).empty());
    EXPECT_EQ(due(ImageState::kStored, w.clock.now() + milliseconds(1)), std::vector{c.id});
}

inline constexpr Case kCases[]{
    {"AUsedIdempotencyKeyGivesTheSameImage", a_used_idempotency_key_gives_the_same_image},
    {"OpenImagesOfACallerAreBounded", open_images_of_a_caller_are_bounded},
    {"TheListIsNewestFirstInPages", the_list_is_newest_first_in_pages},
    {"TheListCanBeOfOneState", the_list_can_be_of_one_state},
    {"TheFeedTellsEveryChangeInOrder", the_feed_tells_every_change_in_order},
    {"AListenerIsWokenByAChange", a_listener_is_woken_by_a_change},
    {"WhatIsDueComesOldestFirst", what_is_due_comes_oldest_first},
};

}  // namespace pixgate::tests::catalog_queries
