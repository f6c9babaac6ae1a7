// What every EventSource must do. See ports/event_source.h.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/support/worlds.h"

namespace pixgate::tests::event_source {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr seconds kLease{60};

inline std::vector<PendingEvent> next(World& w, std::size_t max = 10, milliseconds wait = {}) {
    auto events = run_task(w.events().next(max, wait, kLease));
    EXPECT_TRUE(events);
    return events ? *std::move(events) : std::vector<PendingEvent>();
}

inline void add(World& w, const std::string& json) {
    ASSERT_TRUE(run_task(w.events().add(json)));
}

inline void events_come_oldest_first(World& w) {
    for (const char* json : {"a", "b", "c"}) add(w, json);
    const auto first = next(w, 2);
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(first[0].json, "a");
    EXPECT_EQ(first[1].json, "b");
    EXPECT_EQ(first[0].attempt, 0U);
    EXPECT_EQ(first[0].created_at, w.clock.now());
    const auto second = next(w);
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(second[0].json, "c");
}

inline void a_leased_event_is_nobody_elses(World& w) {
    add(w, "a");
    ASSERT_EQ(next(w).size(), 1U);
    EXPECT_TRUE(next(w).empty());
    w.clock.advance(kLease - milliseconds(1));
    EXPECT_TRUE(next(w).empty());
}

inline void a_lease_that_ends_counts_as_a_failed_run(World& w) {
    add(w, "a");
    ASSERT_EQ(next(w).size(), 1U);
    w.clock.advance(kLease + seconds(1));
    const auto again = next(w);
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].attempt, 1U);
    w.clock.advance(kLease + seconds(1));
    EXPECT_EQ(next(w).at(0).attempt, 2U);
}

inline void a_done_event_is_gone(World& w) {
    add(w, "a");
    const auto id = next(w).at(0).id;
    ASSERT_TRUE(run_task(w.events().done(id)));
    ASSERT_TRUE(run_task(w.events().done(id)));
    w.clock.advance(kLease * 2);
    EXPECT_TRUE(next(w).empty());
    EXPECT_EQ(run_task(w.events().backlog())->count, 0U);
}

inline void a_retry_comes_when_it_is_due(World& w) {
    add(w, "a");
    const auto id = next(w).at(0).id;
    ASSERT_TRUE(run_task(w.events().retry(id, w.clock.now() + seconds(30), "no")));
    w.clock.advance(seconds(29));
    EXPECT_TRUE(next(w).empty());
    w.clock.advance(seconds(2));
    const auto again = next(w);
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].id, id);
    EXPECT_EQ(again[0].attempt, 1U);
}

inline void what_is_done_cannot_be_retried_or_given_up(World& w) {
    add(w, "a");
    const auto id = next(w).at(0).id;
    ASSERT_TRUE(run_task(w.events().done(id)));
    EXPECT_EQ(run_task(w.events().retry(id, w.clock.now(), "e")).error().code, Errc::kNotFound);
    EXPECT_EQ(run_task(w.events().give_up(id, "r", "e")).error().code, Errc::kNotFound);
    EXPECT_EQ(run_task(w.dead_letters().count()).value(), 0U);
}

inline void a_given_up_event_is_a_dead_letter_with_an_alert(World& w) {
    const auto made_at = w.clock.now();
    add(w, "a");
    auto id = next(w).at(0).id;
    ASSERT_TRUE(run_task(w.events().retry(id, w.clock.now(), "first")));
    w.clock.advance(seconds(5));
    id = next(w).at(0).id;
    ASSERT_TRUE(run_task(w.events().give_up(id, "retries_exhausted", "last")));
    EXPECT_EQ(run_task(w.events().backlog())->count, 0U);
    const auto page = run_task(w.dead_letters().list("", 10));
    ASSERT_TRUE(page);
    ASSERT_EQ(page->letters.size(), 1U);
    const DeadLetter& letter = page->letters[0];
    EXPECT_EQ(letter.source, DeadLetterSource::kEvent);
    EXPECT_EQ(letter.body, "a");
    EXPECT_EQ(letter.reason, "retries_exhausted");
    EXPECT_EQ(letter.last_error, "last");
    EXPECT_EQ(letter.attempts, 2U);
    EXPECT_EQ(letter.first_at, made_at);
    EXPECT_EQ(letter.died_at, w.clock.now());
    const auto alerts = run_task(w.alerts().pending(10));
    ASSERT_EQ(alerts->size(), 1U);
    EXPECT_EQ(alerts->at(0).kind, "dead_letter");
    EXPECT_EQ(alerts->at(0).cause, "event retries_exhausted");
    EXPECT_EQ(alerts->at(0).text, "last");
}

inline void a_waiter_is_woken_by_an_event(World& w) {
    std::jthread later([&w] {
        std::this_thread::sleep_for(milliseconds(20));
        add(w, "a");
    });
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(next(w, 10, seconds(30)).size(), 1U);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(20));
}

inline void a_cancelled_wait_takes_nothing(World& w) {
    auto waiting = w.events().next(10, seconds(30), kLease);
    auto task = with_deadline(std::move(waiting), milliseconds(10));
    EXPECT_EQ(run_task(std::move(task)).error().code, Errc::kDeadlineExceeded);
    add(w, "a");
    EXPECT_EQ(next(w).size(), 1U);
}

inline void many_takers_share_without_doubles(World& w) {
    constexpr std::size_t kEvents = 200;
    for (std::size_t i = 0; i < kEvents; ++i) add(w, std::to_string(i));
    std::mutex mutex;
    std::multiset<std::string> seen;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (auto events = next(w, 7); !events.empty(); events = next(w, 7)) {
                const std::lock_guard lock(mutex);
                for (const auto& event : events) seen.insert(event.json);
            }
        });
    }
    threads.clear();
    EXPECT_EQ(seen.size(), kEvents);
    EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), kEvents);
}

inline void the_backlog_tells_count_and_age(World& w) {
    EXPECT_EQ(run_task(w.events().backlog())->count, 0U);
    EXPECT_EQ(run_task(w.events().backlog())->oldest, w.clock.now());
    const auto begin = w.clock.now();
    add(w, "a");
    w.clock.advance(seconds(10));
    add(w, "b");
    ASSERT_EQ(next(w, 1).size(), 1U);
    const auto backlog = run_task(w.events().backlog());
    EXPECT_EQ(backlog->count, 2U);
    EXPECT_EQ(backlog->oldest, begin);
}

inline void a_huge_event_is_refused(World& w) {
    const auto result = run_task(w.events().add(std::string((1 << 20) + 1, 'x')));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kTooLarge);
}

inline void after_a_restart_everything_not_done_is_due(World& w) {
    for (const char* json : {"done", "leased", "waits", "fresh"}) add(w, json);
    const auto taken = next(w, 3);
    ASSERT_EQ(taken.size(), 3U);
    ASSERT_TRUE(run_task(w.events().done(taken[0].id)));
    ASSERT_TRUE(run_task(w.events().retry(taken[2].id, w.clock.now() + seconds(900), "later")));
    w.restart();
    const auto again = next(w);
    ASSERT_EQ(again.size(), 3U);
    EXPECT_EQ(again[0].json, "leased");
    EXPECT_EQ(again[1].json, "waits");
    EXPECT_EQ(again[1].attempt, 1U);
    EXPECT_EQ(again[2].json, "fresh");
    EXPECT_EQ(again[2].attempt, 0U);
}

inline constexpr Case kCases[]{
    {"EventsComeOldestFirst", events_come_oldest_first},
    {"ALeasedEventIsNobodyElses", a_leased_event_is_nobody_elses},
    {"ALeaseThatEndsCountsAsAFailedRun", a_lease_that_ends_counts_as_a_failed_run},
    {"ADoneEventIsGone", a_done_event_is_gone},
    {"ARetryComesWhenItIsDue", a_retry_comes_when_it_is_due},
    {"WhatIsDoneCannotBeRetriedOrGivenUp", what_is_done_cannot_be_retried_or_given_up},
    {"AGivenUpEventIsADeadLetterWithAnAlert", a_given_up_event_is_a_dead_letter_with_an_alert},
    {"AWaiterIsWokenByAnEvent", a_waiter_is_woken_by_an_event},
    {"ACancelledWaitTakesNothing", a_cancelled_wait_takes_nothing},
    {"ManyTakersShareWithoutDoubles", many_takers_share_without_doubles},
    {"TheBacklogTellsCountAndAge", the_backlog_tells_count_and_age},
    {"AHugeEventIsRefused", a_huge_event_is_refused},
};
inline constexpr Case kDurableCases[]{
    {"AfterARestartEverythingNotDoneIsDue", after_a_restart_everything_not_done_is_due},
};

}  // namespace pixgate::tests::event_source
