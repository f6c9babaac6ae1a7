// What every Catalog must do. See ports/catalog.h and core/image_change.h.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/ids.h"
#include "core/snapshot.h"
#include "tests/support/worlds.h"

namespace pixgate::tests::catalog {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Ids that sort by the order they are made in.
inline ImageId new_id() {
    static std::atomic<int> last = 0;
    char text[37];
    std::snprintf(text, sizeof text, "01940000-0000-7000-8000-%012d", ++last);
    return {text};
}

inline NewImage new_image(World& w, const std::string& owner = "ann") {
    NewImage out;
    Image& image = out.image;
    image.id = new_id();
    image.owner = owner;
    image.policy = "default";
    image.filename = "휴가.jpg";
    image.bucket = "pixgate-originals";
    image.key = original_key(image.id);
    image.declared_type = "image/jpeg";
    image.declared_bytes = 1'234;
    image.metadata = {{"album", "서울"}};
    image.created_at = w.clock.now();
    image.expires_at = w.clock.now() + seconds(300);
    out.caller_id = "key-1";
    return out;
}

inline Image create(World& w, const std::string& owner = "ann") {
    auto created = run_task(w.catalog().create(new_image(w, owner)));
    EXPECT_TRUE(created);
    return created ? created->image : Image{};
}

inline StorageEvent event_of(const Image& image, const std::string& sequencer) {
    StorageEvent event;
    event.name = "ObjectCreated:Put";
    event.bucket = image.bucket;
    event.key = image.key;
    event.etag = "etag-" + sequencer;
    event.size_bytes = 1'234;
    event.sequencer = sequencer;
    return event;
}

inline Change ready(World& w, const Image& image, const std::string& sequencer) {
    Change change;
    change.id = image.id;
    change.to = ImageState::kReady;
    change.at = w.clock.now();
    change.stored_at = w.clock.now() - seconds(1);
    change.event = event_of(image, sequencer);
    change.content_type = "image/jpeg";
    change.size_bytes = 1'234;
    change.sha256 = "ab12";
    change.width_px = 4000;
    change.height_px = 3000;
    return change;
}

inline Change to_state(World& w, const Image& image, ImageState state, const char* reason = "") {
    Change change;
    change.id = image.id;
    change.to = state;
    change.reason = reason;
    change.at = w.clock.now();
    return change;
}

inline Change variant_of(World& w, const Image& image, const char* name, const char* sequencer) {
    Change change;
    change.id = image.id;
    change.at = w.clock.now();
    change.event = event_of(image, sequencer);
    change.event->key = thumbnail_key(image.id, name);
    change.variant = Variant{
        .name = name,
        .bucket = image.bucket,
        .key = change.event->key,
        .etag = change.event->etag,
        .content_type = "image/webp",
        .width_px = 256,
        .height_px = 192,
        .size_bytes = 9'000,
    };
    return change;
}

inline Applied apply(World& w, Change change) {
    const auto applied = run_task(w.catalog().apply(std::move(change)));
    EXPECT_TRUE(applied);
    return applied.value_or(Applied::kSkipped);
}
inline Image find(World& w, const ImageId& id) {
    auto image = run_task(w.catalog().find(id));
    EXPECT_TRUE(image);
    return image ? *std::move(image) : Image{};
}
inline std::vector<FeedEntry> feed(World& w, FeedQuery query = {}) {
    return run_task(w.catalog().feed(query)).value();
}

inline void a_made_image_is_pending_with_its_facts(World& w) {
    const auto wanted = new_image(w);
    const auto created = run_task(w.catalog().create(wanted));
    ASSERT_TRUE(created);
    EXPECT_FALSE(created->is_replay);
    Image expected = wanted.image;
    expected.history = {{ImageState::kPending, w.clock.now(), ""}};
    EXPECT_EQ(write_snapshot(created->image), write_snapshot(expected));
    EXPECT_EQ(write_snapshot(find(w, expected.id)), write_snapshot(expected));
    EXPECT_EQ(run_task(w.catalog().create(wanted)).error().code, Errc::kAlreadyExists);
}

inline void an_unknown_image_is_not_found(World& w) {
    EXPECT_EQ(run_task(w.catalog().find(new_id())).error().code, Errc::kNotFound);
    Image ghost;
    ghost.id = new_id();
    const auto applied = run_task(w.catalog().apply(to_state(w, ghost, ImageState::kReady)));
    EXPECT_EQ(applied.error().code, Errc::kNotFound);
}

inline void a_verdict_makes_it_ready_with_facts_and_history(World& w) {
    const Image image = create(w);
    w.clock.advance(seconds(2));
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDone);
    const Image found = find(w, image.id);
    EXPECT_EQ(found.state, ImageState::kReady);
    EXPECT_EQ(found.etag, "etag-01");
    EXPECT_EQ(found.content_type, "image/jpeg");
    EXPECT_EQ(found.size_bytes, 1'234U);
    EXPECT_EQ(found.sha256, "ab12");
    EXPECT_EQ(found.width_px, 4000U);
    EXPECT_EQ(found.height_px, 3000U);
    EXPECT_EQ(found.ready_at, w.clock.now());
    const std::vector<HistoryEntry> history{
        {ImageState::kPending, image.created_at, ""},
        {ImageState::kStored, w.clock.now() - seconds(1), ""},
        {ImageState::kReady, w.clock.now(), ""},
    };
    EXPECT_EQ(found.history, history);
}

inline void an_event_has_its_effect_once(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDone);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDuplicate);
    EXPECT_EQ(find(w, image.id).history.size(), 3U);
    EXPECT_EQ(feed(w).size(), 1U);
}

inline void of_many_at_once_one_takes_effect(World& w) {
    const Image image = create(w);
    std::atomic<int> done = 0;
    std::atomic<int> duplicate = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&] {
            const auto applied = apply(w, ready(w, image, "01"));
            done += applied == Applied::kDone ? 1 : 0;
            duplicate += applied == Applied::kDuplicate ? 1 : 0;
        });
    }
    threads.clear();
    EXPECT_EQ(done, 1);
    EXPECT_EQ(duplicate, 15);
    EXPECT_EQ(feed(w).size(), 1U);
}

inline void an_older_event_is_stale(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, variant_of(w, image, "thumb", "00000000000000A2")), Applied::kDone);
    EXPECT_EQ(apply(w, variant_of(w, image, "thumb", "0000000000000099")), Applied::kStale);
    EXPECT_EQ(apply(w, variant_of(w, image, "thumb", "00000000000000a2")), Applied::kDone)
        << "the same place in the order, another object version";
    EXPECT_EQ(find(w, image.id).variants.at(0).etag, "etag-00000000000000a2");
    // The order holds within one object only.
    EXPECT_EQ(apply(w, variant_of(w, image, "small", "0000000000000001")), Applied::kDone);
}

inline void shuffled_and_doubled_events_end_the_same(World& w) {
    const Image image = create(w);
    std::vector<Change> changes;
    for (const char* sequencer : {"01", "02", "03"}) {
        changes.push_back(variant_of(w, image, "thumb", sequencer));
        changes.push_back(variant_of(w, image, "thumb", sequencer));
    }
    changes.push_back(ready(w, image, "04"));
    changes.push_back(ready(w, image, "04"));
    // Every order's end is the newest thumbnail once, and ready once.
    for (std::size_t i = 0; i < changes.size(); ++i) {
        apply(w, changes[(i * 5 + 3) % changes.size()]);
    }
    const Image found = find(w, image.id);
    EXPECT_EQ(found.state, ImageState::kReady);
    ASSERT_EQ(found.variants.size(), 1U);
    EXPECT_EQ(found.variants[0].etag, "etag-03");
    EXPECT_EQ(found.history.size(), 3U);
}

inline void variants_are_kept_by_name_in_any_state_but_deleted(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, variant_of(w, image, "b", "01")), Applied::kDone);
    EXPECT_EQ(find(w, image.id).state, ImageState::kPending);
    EXPECT_EQ(apply(w, ready(w, image, "02")), Applied::kDone);
    EXPECT_EQ(apply(w, variant_of(w, image, "a", "03")), Applied::kDone);
    EXPECT_EQ(apply(w, variant_of(w, image, "b", "04")), Applied::kDone);
    const auto variants = find(w, image.id).variants;
    ASSERT_EQ(variants.size(), 2U);
    EXPECT_EQ(variants[0], *variant_of(w, image, "a", "03").variant);
    EXPECT_EQ(variants[1], *variant_of(w, image, "b", "04").variant);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kDeleted)), Applied::kDone);
    EXPECT_EQ(apply(w, variant_of(w, image, "c", "05")), Applied::kSkipped);
}

inline void a_state_that_does_not_allow_it_is_left_alone(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDone);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kExpired)), Applied::kSkipped);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kRejected, "no")), Applied::kSkipped);
    Change only_pending = to_state(w, image, ImageState::kDeleted);
    only_pending.only_from = ImageState::kPending;
    EXPECT_EQ(apply(w, only_pending), Applied::kSkipped);
    EXPECT_EQ(find(w, image.id).state, ImageState::kReady);
    EXPECT_EQ(feed(w).size(), 1U);
}

inline void a_failed_image_becomes_ready_by_the_same_event(World& w) {
    const Image image = create(w);
    Change failed = to_state(w, image, ImageState::kFailed, "retries_exhausted");
    failed.event = event_of(image, "01");
    EXPECT_EQ(apply(w, failed), Applied::kDone);
    EXPECT_EQ(find(w, image.id).reason, "retries_exhausted");
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDone);
    EXPECT_EQ(find(w, image.id).state, ImageState::kReady);
    EXPECT_EQ(find(w, image.id).reason, "");
}

inline void an_expired_image_still_becomes_ready(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kExpired)), Applied::kDone);
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kDone);
    EXPECT_EQ(find(w, image.id).state, ImageState::kReady);
}

inline void a_deleted_image_is_gone_for_good(World& w) {
    const Image image = create(w);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kDeleted, "asked")), Applied::kDone);
    EXPECT_EQ(run_task(w.catalog().find(image.id)).error().code, Errc::kNotFound);
    EXPECT_TRUE(run_task(w.catalog().list({}))->images.empty());
    EXPECT_EQ(apply(w, ready(w, image, "01")), Applied::kSkipped);
    EXPECT_EQ(apply(w, to_state(w, image, ImageState::kDeleted)), Applied::kSkipped);
    const auto told = feed(w);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].image.state, ImageState::kDeleted);
    EXPECT_EQ(told[0].image.filename, "");
    EXPECT_TRUE(told[0].image.metadata.empty());
}

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

inline void images_survive_a_restart(World& w) {
    const Image image = create(w);
    apply(w, variant_of(w, image, "thumb", "01"));
    apply(w, ready(w, image, "02"));
    const auto before = write_snapshot(find(w, image.id));
    const auto last = run_task(w.catalog().last_seq()).value();
    w.restart();
    EXPECT_EQ(write_snapshot(find(w, image.id)), before);
    EXPECT_EQ(run_task(w.catalog().last_seq()).value(), last);
    EXPECT_EQ(apply(w, ready(w, image, "02")), Applied::kDuplicate);
    EXPECT_EQ(feed(w).size(), 2U);
}

inline constexpr Case kCases[]{
    {"AMadeImageIsPendingWithItsFacts", a_made_image_is_pending_with_its_facts},
    {"AnUnknownImageIsNotFound", an_unknown_image_is_not_found},
    {"AVerdictMakesItReadyWithFactsAndHistory", a_verdict_makes_it_ready_with_facts_and_history},
    {"AnEventHasItsEffectOnce", an_event_has_its_effect_once},
    {"OfManyAtOnceOneTakesEffect", of_many_at_once_one_takes_effect},
    {"AnOlderEventIsStale", an_older_event_is_stale},
    {"ShuffledAndDoubledEventsEndTheSame", shuffled_and_doubled_events_end_the_same},
    {"VariantsAreKeptByNameInAnyStateButDeleted", variants_are_kept_by_name_in_any_state_but_deleted
    },
    {"AStateThatDoesNotAllowItIsLeftAlone", a_state_that_does_not_allow_it_is_left_alone},
    {"AFailedImageBecomesReadyByTheSameEvent", a_failed_image_becomes_ready_by_the_same_event},
    {"AnExpiredImageStillBecomesReady", an_expired_image_still_becomes_ready},
    {"ADeletedImageIsGoneForGood", a_deleted_image_is_gone_for_good},
    {"AUsedIdempotencyKeyGivesTheSameImage", a_used_idempotency_key_gives_the_same_image},
    {"OpenImagesOfACallerAreBounded", open_images_of_a_caller_are_bounded},
    {"TheListIsNewestFirstInPages", the_list_is_newest_first_in_pages},
    {"TheListCanBeOfOneState", the_list_can_be_of_one_state},
    {"TheFeedTellsEveryChangeInOrder", the_feed_tells_every_change_in_order},
    {"AListenerIsWokenByAChange", a_listener_is_woken_by_a_change},
    {"WhatIsDueComesOldestFirst", what_is_due_comes_oldest_first},
};
inline constexpr Case kDurableCases[]{
    {"ImagesSurviveARestart", images_survive_a_restart},
};

}  // namespace pixgate::tests::catalog
