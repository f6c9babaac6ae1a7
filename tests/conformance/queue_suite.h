// What every Queue must do. See ports/queue.h. Source: SQS developer guide, visibility timeout and
// dead-letter queues.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "tests/support/worlds.h"

namespace pixgate::tests::queue {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr seconds kVisibility{30};

inline std::vector<ReceivedMessage> receive(
    World& w, std::size_t max = 10, milliseconds wait = {}
) {
    auto messages = run_task(w.queue().receive(max, wait, kVisibility));
    EXPECT_TRUE(messages);
    return messages ? *std::move(messages) : std::vector<ReceivedMessage>();
}
inline std::string send(World& w, const std::string& body) {
    return run_task(w.queue().send(body)).value();
}
inline Errc code_of(const Result<void>& result) {
    EXPECT_FALSE(result);
    return result ? Errc::kInternal : result.error().code;
}

inline void a_message_comes_as_it_was_sent(World& w) {
    const std::string body = "{\"안녕\": \"\\u0000\"}\n";
    const auto id = send(w, body);
    const auto messages = receive(w);
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].id, id);
    EXPECT_EQ(messages[0].body, body);
    EXPECT_EQ(messages[0].receive_count, 1U);
    EXPECT_EQ(messages[0].sent_at, w.clock.now());
}

inline void a_received_message_is_hidden_until_its_time_is_up(World& w) {
    send(w, "a");
    ASSERT_EQ(receive(w).size(), 1U);
    EXPECT_TRUE(receive(w).empty());
    w.clock.advance(kVisibility - milliseconds(1));
    EXPECT_TRUE(receive(w).empty());
    w.clock.advance(milliseconds(2));
    const auto again = receive(w);
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].receive_count, 2U);
}

inline void an_acknowledged_message_is_gone(World& w) {
    send(w, "a");
    const auto receipt = receive(w).at(0).receipt;
    ASSERT_TRUE(run_task(w.queue().ack(receipt)));
    ASSERT_TRUE(run_task(w.queue().ack(receipt)));
    w.clock.advance(kVisibility * 2);
    EXPECT_TRUE(receive(w).empty());
}

inline void a_late_ack_counts_while_nobody_else_has_it(World& w) {
    send(w, "a");
    const auto receipt = receive(w).at(0).receipt;
    w.clock.advance(kVisibility * 2);
    ASSERT_TRUE(run_task(w.queue().ack(receipt)));
    EXPECT_TRUE(receive(w).empty());
}

inline void an_older_receipt_is_refused(World& w) {
    send(w, "a");
    const auto old = receive(w).at(0).receipt;
    w.clock.advance(kVisibility * 2);
    const auto current = receive(w).at(0).receipt;
    EXPECT_NE(old, current);
    EXPECT_EQ(code_of(run_task(w.queue().ack(old))), Errc::kNotFound);
    EXPECT_EQ(code_of(run_task(w.queue().extend(old, seconds(0)))), Errc::kNotFound);
    EXPECT_EQ(code_of(run_task(w.queue().bury(old, "r", "e"))), Errc::kNotFound);
    EXPECT_TRUE(receive(w).empty());
    EXPECT_TRUE(run_task(w.queue().ack(current)));
}

inline void a_receipt_cannot_be_guessed(World& w) {
    const auto id = send(w, "a");
    const auto receipt = receive(w).at(0).receipt;
    EXPECT_GE(receipt.size(), id.size() + 20);
    for (const std::string& guess :
         {id, id + ".", id + ".x", receipt.substr(1), receipt + "x", std::string("nonsense")}) {
        (void)run_task(w.queue().ack(guess));
        EXPECT_EQ(run_task(w.queue().backlog())->count, 1U) << guess;
    }
}

inline void extending_hides_longer_or_shows_at_once(World& w) {
    send(w, "a");
    const auto receipt = receive(w).at(0).receipt;
    w.clock.advance(kVisibility / 2);
    ASSERT_TRUE(run_task(w.queue().extend(receipt, kVisibility)));
    w.clock.advance(kVisibility - seconds(1));
    EXPECT_TRUE(receive(w).empty());
    ASSERT_TRUE(run_task(w.queue().extend(receipt, seconds(0))));
    EXPECT_EQ(receive(w).size(), 1U);
}

inline void too_many_receives_make_a_dead_letter(World& w) {
    const auto sent_at = w.clock.now();
    send(w, "poison");
    for (std::uint32_t i = 1; i <= kMaxReceives; ++i) {
        EXPECT_EQ(receive(w).at(0).receive_count, i);
        w.clock.advance(kVisibility * 2);
    }
    EXPECT_TRUE(receive(w).empty());
    EXPECT_EQ(run_task(w.queue().backlog())->count, 0U);
    const auto page = run_task(w.dead_letters().list("", 10));
    ASSERT_EQ(page->letters.size(), 1U);
    const DeadLetter& letter = page->letters[0];
    EXPECT_EQ(letter.source, DeadLetterSource::kMessage);
    EXPECT_EQ(letter.body, "poison");
    EXPECT_EQ(letter.reason, "too_many_receives");
    EXPECT_EQ(letter.attempts, kMaxReceives);
    EXPECT_EQ(letter.first_at, sent_at);
    const auto alerts = run_task(w.alerts().pending(10));
    ASSERT_EQ(alerts->size(), 1U);
    EXPECT_EQ(alerts->at(0).cause, "message too_many_receives");
}

inline void a_buried_message_is_a_dead_letter(World& w) {
    send(w, "bad");
    const auto receipt = receive(w).at(0).receipt;
    ASSERT_TRUE(run_task(w.queue().bury(receipt, "unreadable", "not JSON")));
    EXPECT_EQ(run_task(w.queue().backlog())->count, 0U);
    const auto page = run_task(w.dead_letters().list("", 10));
    ASSERT_EQ(page->letters.size(), 1U);
    EXPECT_EQ(page->letters[0].reason, "unreadable");
    EXPECT_EQ(page->letters[0].last_error, "not JSON");
    EXPECT_EQ(page->letters[0].attempts, 1U);
    EXPECT_EQ(run_task(w.alerts().pending(10))->size(), 1U);
}

inline void a_batch_has_at_most_ten(World& w) {
    for (int i = 0; i < 12; ++i) send(w, std::to_string(i));
    EXPECT_EQ(receive(w, 100).size(), 10U);
    EXPECT_EQ(receive(w, 1).size(), 1U);
    EXPECT_EQ(receive(w, 100).size(), 1U);
}

inline void a_waiting_receiver_is_woken(World& w) {
    std::jthread later([&w] {
        std::this_thread::sleep_for(milliseconds(20));
        send(w, "a");
    });
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(receive(w, 10, seconds(30)).size(), 1U);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(20));
}

inline void a_cancelled_receive_takes_nothing(World& w) {
    auto waiting = w.queue().receive(10, seconds(30), kVisibility);
    auto task = with_deadline(std::move(waiting), milliseconds(10));
    EXPECT_EQ(run_task(std::move(task)).error().code, Errc::kDeadlineExceeded);
    send(w, "a");
    EXPECT_EQ(receive(w).at(0).receive_count, 1U);
}

inline void many_receivers_share_without_doubles(World& w) {
    constexpr std::size_t kMessages = 200;
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
        threads.emplace_back([&w, t] {
            for (std::size_t i = 0; i < kMessages / 4; ++i) send(w, std::to_string(t * 1000 + i));
        });
    }
    threads.clear();
    std::mutex mutex;
    std::multiset<std::string> seen;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (auto batch = receive(w); !batch.empty(); batch = receive(w)) {
                for (const auto& message : batch) {
                    EXPECT_TRUE(run_task(w.queue().ack(message.receipt)));
                    const std::lock_guard lock(mutex);
                    seen.insert(message.body);
                }
            }
        });
    }
    threads.clear();
    EXPECT_EQ(seen.size(), kMessages);
    EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), kMessages);
    EXPECT_EQ(run_task(w.queue().backlog())->count, 0U);
}

inline void the_backlog_tells_count_and_age(World& w) {
    const auto begin = w.clock.now();
    send(w, "a");
    w.clock.advance(seconds(10));
    send(w, "b");
    ASSERT_EQ(receive(w, 1).size(), 1U);
    const auto backlog = run_task(w.queue().backlog());
    EXPECT_EQ(backlog->count, 2U);
    EXPECT_EQ(backlog->oldest, begin);
}

inline void a_huge_message_is_refused(World& w) {
    const auto result = run_task(w.queue().send(std::string((1 << 20) + 1, 'x')));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kTooLarge);
}

inline void after_a_restart_messages_are_visible_with_their_counts(World& w) {
    send(w, "held");
    const auto old = receive(w).at(0).receipt;
    send(w, "fresh");
    w.restart();
    const auto messages = receive(w);
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0].body, "held");
    EXPECT_EQ(messages[0].receive_count, 2U);
    EXPECT_EQ(messages[1].body, "fresh");
    EXPECT_EQ(messages[1].receive_count, 1U);
    EXPECT_EQ(code_of(run_task(w.queue().ack(old))), Errc::kNotFound);
}

inline void two_queues_do_not_mix(World& w) {
    send(w, "verdict");
    ASSERT_TRUE(run_task(w.preset_queue().send("presets")));
    const auto other = run_task(w.preset_queue().receive(10, {}, kVisibility));
    ASSERT_EQ(other->size(), 1U);
    EXPECT_EQ(other->at(0).body, "presets");
    EXPECT_EQ(
        code_of(run_task(w.queue().extend(other->at(0).receipt, kVisibility))), Errc::kNotFound
    );
    ASSERT_EQ(receive(w).size(), 1U);
    EXPECT_EQ(run_task(w.queue().backlog())->count, 1U);
    EXPECT_EQ(run_task(w.preset_queue().backlog())->count, 1U);
}

inline void a_dead_letter_goes_back_to_its_own_queue(World& w) {
    ASSERT_TRUE(run_task(w.preset_queue().send("presets")));
    const auto receipt = run_task(w.preset_queue().receive(1, {}, kVisibility))->at(0).receipt;
    ASSERT_TRUE(run_task(w.preset_queue().bury(receipt, "crashed", "signal 11")));
    const auto page = run_task(w.dead_letters().list("", 10));
    ASSERT_EQ(page->letters.size(), 1U);
    EXPECT_EQ(page->letters[0].queue, kPresetQueue);
    ASSERT_TRUE(run_task(w.dead_letters().redrive(page->letters[0].id)));
    EXPECT_TRUE(receive(w).empty());
    EXPECT_EQ(run_task(w.preset_queue().receive(1, {}, kVisibility))->at(0).body, "presets");
}

inline constexpr Case kCases[]{
    {"TwoQueuesDoNotMix", two_queues_do_not_mix},
    {"ADeadLetterGoesBackToItsOwnQueue", a_dead_letter_goes_back_to_its_own_queue},
    {"AMessageComesAsItWasSent", a_message_comes_as_it_was_sent},
    {"AReceivedMessageIsHiddenUntilItsTimeIsUp", a_received_message_is_hidden_until_its_time_is_up},
    {"AnAcknowledgedMessageIsGone", an_acknowledged_message_is_gone},
    {"ALateAckCountsWhileNobodyElseHasIt", a_late_ack_counts_while_nobody_else_has_it},
    {"AnOlderReceiptIsRefused", an_older_receipt_is_refused},
    {"AReceiptCannotBeGuessed", a_receipt_cannot_be_guessed},
    {"ExtendingHidesLongerOrShowsAtOnce", extending_hides_longer_or_shows_at_once},
    {"TooManyReceivesMakeADeadLetter", too_many_receives_make_a_dead_letter},
    {"ABuriedMessageIsADeadLetter", a_buried_message_is_a_dead_letter},
    {"ABatchHasAtMostTen", a_batch_has_at_most_ten},
    {"AWaitingReceiverIsWoken", a_waiting_receiver_is_woken},
    {"ACancelledReceiveTakesNothing", a_cancelled_receive_takes_nothing},
    {"ManyReceiversShareWithoutDoubles", many_receivers_share_without_doubles},
    {"TheBacklogTellsCountAndAge", the_backlog_tells_count_and_age},
    {"AHugeMessageIsRefused", a_huge_message_is_refused},
};
inline constexpr Case kDurableCases[]{
    {"AfterARestartMessagesAreVisibleWithTheirCounts",
     after_a_restart_messages_are_visible_with_their_counts},
};

}  // namespace pixgate::tests::queue
