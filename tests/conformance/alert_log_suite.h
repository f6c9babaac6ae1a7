// What every AlertLog must do. See ports/alerts.h.
#pragma once

#include <gtest/gtest.h>

#include "tests/support/worlds.h"

namespace pixgate::tests::alert_log {

inline Alert alert(World& w, const std::string& text) {
    Alert out;
    out.kind = "image_stuck";
    out.cause = "stored";
    out.text = text;
    out.image_id = "id of " + text;
    out.at = w.clock.now();
    return out;
}

inline void alerts_are_pending_oldest_first_until_said(World& w) {
    for (const char* text : {"a", "b", "c"}) {
        ASSERT_TRUE(run_task(w.alerts().raise(alert(w, text))));
    }
    const auto two = run_task(w.alerts().pending(2));
    ASSERT_EQ(two->size(), 2U);
    EXPECT_EQ(two->at(0).text, "a");
    EXPECT_EQ(two->at(0).kind, "image_stuck");
    EXPECT_EQ(two->at(0).cause, "stored");
    EXPECT_EQ(two->at(0).image_id, "id of a");
    EXPECT_EQ(two->at(0).at, w.clock.now());
    EXPECT_LT(two->at(0).seq, two->at(1).seq);
    ASSERT_TRUE(run_task(w.alerts().mark_said(two->at(1).seq)));
    const auto rest = run_task(w.alerts().pending(10));
    ASSERT_EQ(rest->size(), 1U);
    EXPECT_EQ(rest->at(0).text, "c");
    ASSERT_TRUE(run_task(w.alerts().mark_said(two->at(0).seq)));
    EXPECT_EQ(run_task(w.alerts().pending(10))->size(), 1U);
}

inline void numbers_are_never_used_again(World& w) {
    ASSERT_TRUE(run_task(w.alerts().raise(alert(w, "a"))));
    const auto first = run_task(w.alerts().pending(1))->at(0).seq;
    ASSERT_TRUE(run_task(w.alerts().mark_said(first)));
    w.restart();
    ASSERT_TRUE(run_task(w.alerts().raise(alert(w, "b"))));
    EXPECT_GT(run_task(w.alerts().pending(1))->at(0).seq, first);
}

inline constexpr Case kCases[]{
    {"AlertsArePendingOldestFirstUntilSaid", alerts_are_pending_oldest_first_until_said},
    {"NumbersAreNeverUsedAgain", numbers_are_never_used_again},
};

}  // namespace pixgate::tests::alert_log
