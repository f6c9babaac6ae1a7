// What every DeadLetters must do. See ports/dead_letters.h.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/worlds.h"

namespace pixgate::tests::dead_letters {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline void kill_event(World& w, const std::string& json) {
    ASSERT_TRUE(run_task(w.events().add(json)));
    const auto events = run_task(w.events().next(1, milliseconds(0), seconds(60)));
    ASSERT_EQ(events->size(), 1U);
    ASSERT_TRUE(run_task(w.events().give_up(events->at(0).id, "retries_exhausted", "why")));
}
inline void kill_message(World& w, const std::string& body) {
    ASSERT_TRUE(run_task(w.queue().send(body)));
    const auto messages = run_task(w.queue().receive(1, milliseconds(0), seconds(60)));
    ASSERT_EQ(messages->size(), 1U);
    ASSERT_TRUE(run_task(w.queue().bury(messages->at(0).receipt, "unreadable", "why")));
}
inline std::uint64_t count(World& w) {
    return run_task(w.dead_letters().count()).value();
}
inline DeadLetterPage list(World& w, const std::string& cursor, std::size_t limit) {
    return run_task(w.dead_letters().list(cursor, limit)).value();
}

inline void a_redriven_event_is_due_with_a_fresh_count(World& w) {
    kill_event(w, "e");
    const auto id = list(w, "", 10).letters.at(0).id;
    ASSERT_TRUE(run_task(w.dead_letters().redrive(id)));
    EXPECT_EQ(count(w), 0U);
    const auto events = run_task(w.events().next(10, milliseconds(0), seconds(60)));
    ASSERT_EQ(events->size(), 1U);
    EXPECT_EQ(events->at(0).json, "e");
    EXPECT_EQ(events->at(0).attempt, 0U);
}

inline void a_redriven_message_is_visible_with_a_fresh_count(World& w) {
    kill_message(w, "m");
    const auto id = list(w, "", 10).letters.at(0).id;
    ASSERT_TRUE(run_task(w.dead_letters().redrive(id)));
    const auto messages = run_task(w.queue().receive(10, milliseconds(0), seconds(60)));
    ASSERT_EQ(messages->size(), 1U);
    EXPECT_EQ(messages->at(0).body, "m");
    EXPECT_EQ(messages->at(0).receive_count, 1U);
    EXPECT_TRUE(run_task(w.events().next(10, milliseconds(0), seconds(60)))->empty());
}

inline void a_second_redrive_finds_nothing(World& w) {
    kill_message(w, "m");
    const auto id = list(w, "", 10).letters.at(0).id;
    std::atomic<int> done = 0;
    std::atomic<int> not_found = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            const auto result = run_task(w.dead_letters().redrive(id));
            if (result) ++done;
            if (!result && result.error().code == Errc::kNotFound) ++not_found;
        });
    }
    threads.clear();
    EXPECT_EQ(done, 1);
    EXPECT_EQ(not_found, 7);
    EXPECT_EQ(run_task(w.queue().backlog())->count, 1U);
}

inline void a_dropped_letter_is_gone(World& w) {
    kill_event(w, "e");
    const auto id = list(w, "", 10).letters.at(0).id;
    ASSERT_TRUE(run_task(w.dead_letters().drop(id)));
    EXPECT_EQ(run_task(w.dead_letters().drop(id)).error().code, Errc::kNotFound);
    EXPECT_EQ(run_task(w.dead_letters().redrive(id)).error().code, Errc::kNotFound);
    EXPECT_EQ(run_task(w.dead_letters().find(id)).error().code, Errc::kNotFound);
    EXPECT_EQ(run_task(w.events().backlog())->count, 0U);
}

inline void letters_are_found_and_listed_newest_first(World& w) {
    for (int i = 0; i < 7; ++i) kill_event(w, std::to_string(i));
    EXPECT_EQ(count(w), 7U);
    std::string bodies;
    std::string cursor;
    do {
        const auto page = list(w, cursor, 3);
        EXPECT_LE(page.letters.size(), 3U);
        for (const auto& letter : page.letters) {
            bodies += letter.body;
            EXPECT_EQ(run_task(w.dead_letters().find(letter.id))->body, letter.body);
        }
        cursor = page.next_cursor;
    } while (!cursor.empty() && bodies.size() < 20);
    EXPECT_EQ(bodies, "6543210");
}

inline void a_full_last_page_has_no_next(World& w) {
    for (int i = 0; i < 4; ++i) kill_event(w, "e");
    const auto first = list(w, "", 2);
    EXPECT_EQ(list(w, first.next_cursor, 2).next_cursor, "");
}

inline void strange_ids_and_cursors_are_refused(World& w) {
    for (const char* id : {"", "x", "-1", "99999999999999999999", "1 ", "../1"}) {
        EXPECT_EQ(run_task(w.dead_letters().find(id)).error().code, Errc::kNotFound) << id;
        EXPECT_EQ(run_task(w.dead_letters().redrive(id)).error().code, Errc::kNotFound) << id;
    }
    const auto page = run_task(w.dead_letters().list("nonsense", 10));
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code, Errc::kInvalidArgument);
}

inline void letters_survive_a_restart(World& w) {
    kill_event(w, "e");
    kill_message(w, "m");
    w.restart();
    EXPECT_EQ(count(w), 2U);
    EXPECT_EQ(run_task(w.alerts().pending(10))->size(), 2U);
}

inline constexpr Case kCases[]{
    {"ARedrivenEventIsDueWithAFreshCount", a_redriven_event_is_due_with_a_fresh_count},
    {"ARedrivenMessageIsVisibleWithAFreshCount", a_redriven_message_is_visible_with_a_fresh_count},
    {"ASecondRedriveFindsNothing", a_second_redrive_finds_nothing},
    {"ADroppedLetterIsGone", a_dropped_letter_is_gone},
    {"LettersAreFoundAndListedNewestFirst", letters_are_found_and_listed_newest_first},
    {"AFullLastPageHasNoNext", a_full_last_page_has_no_next},
    {"StrangeIdsAndCursorsAreRefused", strange_ids_and_cursors_are_refused},
};
inline constexpr Case kDurableCases[]{
    {"LettersSurviveARestart", letters_survive_a_restart},
};

}  // namespace pixgate::tests::dead_letters
