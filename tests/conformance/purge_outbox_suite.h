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
    const auto two = run_task(box.pending(2)).value();
    ASSERT_EQ(two.size(), 2U);
    EXPECT_EQ(two[0].image_id.value, "a");
    EXPECT_EQ(two[1].image_id.value, "b");
    EXPECT_LT(two[0].seq, two[1].seq);
    EXPECT_EQ(two[0].since, w.clock.now());
    ASSERT_TRUE(run_task(box.done(two[1].seq)));
    ASSERT_TRUE(run_task(box.done(two[0].seq)));
    EXPECT_EQ(run_task(box.pending(10))->size(), 1U);
    EXPECT_EQ(run_task(box.position())->value(), 9);
}

inline void it_survives_a_restart_and_numbers_are_never_used_again(World& w) {
    ASSERT_TRUE(run_task(w.purges().take_over({ImageId{"a"}}, 3, w.clock.now())));
    w.restart();
    const auto pending = run_task(w.purges().pending(10)).value();
    ASSERT_EQ(pending.size(), 1U);
    EXPECT_EQ(run_task(w.purges().position())->value(), 3);
    ASSERT_TRUE(run_task(w.purges().done(pending[0].seq)));
    ASSERT_TRUE(run_task(w.purges().take_over({ImageId{"b"}}, 4, w.clock.now())));
    EXPECT_GT(run_task(w.purges().pending(1))->at(0).seq, pending[0].seq);
}

inline constexpr Case kCases[]{
    {"WhatWasTakenOverIsPendingOldestFirstUntilDone",
     what_was_taken_over_is_pending_oldest_first_until_done},
    {"ItSurvivesARestartAndNumbersAreNeverUsedAgain",
     it_survives_a_restart_and_numbers_are_never_used_again},
};

}  // namespace pixgate::tests::purge_outbox
