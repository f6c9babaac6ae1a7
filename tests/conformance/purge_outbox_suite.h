// What every PurgeOutbox must do. See ports/purge.h.
#pragma once

#include <gtest/gtest.h>

#include "tests/support/worlds.h"

namespace pixgate::tests::purge_outbox {

inline void what_was_taken_over_is_pending_oldest_first_until_done(World& w) {
    auto& box = w.purges();
    EXPECT_FALSE(run_task(box.position())->has_value());
    ASSERT_TRUE(run_task(box.take_over({}, 7, w.clock.now())));
    EXPECT_EQ(run_task(box.position())->value(), 7);
    ASSERT_TRUE(run_task(box.take_over({ImageId{"a"}, ImageId{"b"}}, 8, w.clock.now())));
    ASSERT_TRUE(run_task(box.take_over({ImageId{"a"}}, 9, w.clock.now())));
    const auto two = run_task(box.pending("cdn", 2)).value();
    ASSERT_EQ(two.size(), 2U);
    EXPECT_EQ(two[0].image_id.value, "a");
    EXPECT_EQ(two[1].image_id.value, "b");
    EXPECT_LT(two[0].seq, two[1].seq);
    EXPECT_EQ(two[0].since, w.clock.now());
    ASSERT_TRUE(run_task(box.done("cdn", two[1].seq, {"cdn"})));
    ASSERT_TRUE(run_task(box.done("cdn", two[0].seq, {"cdn"})));
    EXPECT_EQ(run_task(box.pending("cdn", 10))->size(), 1U);
    EXPECT_EQ(run_task(box.position())->value(), 9);
}

inline void it_survives_a_restart_and_numbers_are_never_used_again(World& w) {
    ASSERT_TRUE(run_task(w.purges().take_over({ImageId{"a"}}, 3, w.clock.now())));
    w.restart();
    const auto pending = run_task(w.purges().pending("cdn", 10)).value();
    ASSERT_EQ(pending.size(), 1U);
    EXPECT_EQ(run_task(w.purges().position())->value(), 3);
    ASSERT_TRUE(run_task(w.purges().done("cdn", pending[0].seq, {"cdn"})));
    ASSERT_TRUE(run_task(w.purges().take_over({ImageId{"b"}}, 4, w.clock.now())));
    EXPECT_GT(run_task(w.purges().pending("cdn", 1))->at(0).seq, pending[0].seq);
}

inline void each_target_has_its_own_position_and_all_of_them_keep_an_entry(World& w) {
    auto& box = w.purges();
    const std::vector<std::string> all{"cdn", "proxy"};
    ASSERT_TRUE(run_task(box.take_over({ImageId{"a"}, ImageId{"b"}}, 2, w.clock.now())));
    const auto pending = run_task(box.pending("cdn", 10)).value();
    ASSERT_EQ(pending.size(), 2U);
    ASSERT_TRUE(run_task(box.done("cdn", pending[1].seq, all)));
    EXPECT_TRUE(run_task(box.pending("cdn", 10))->empty());
    EXPECT_EQ(run_task(box.pending("proxy", 10))->size(), 2U);
    w.restart();
    EXPECT_TRUE(run_task(w.purges().pending("cdn", 10))->empty());
    ASSERT_TRUE(run_task(w.purges().done("proxy", pending[0].seq, all)));
    EXPECT_EQ(run_task(w.purges().pending("proxy", 10))->size(), 1U);
    EXPECT_EQ(run_task(w.purges().pending("a new one", 10))->size(), 1U) << "what is kept yet";
}

inline constexpr Case kCases[]{
    {"WhatWasTakenOverIsPendingOldestFirstUntilDone",
     what_was_taken_over_is_pending_oldest_first_until_done},
    {"ItSurvivesARestartAndNumbersAreNeverUsedAgain",
     it_survives_a_restart_and_numbers_are_never_used_again},
    {"EachTargetHasItsOwnPositionAndAllOfThemKeepAnEntry",
     each_target_has_its_own_position_and_all_of_them_keep_an_entry},
};

}  // namespace pixgate::tests::purge_outbox
