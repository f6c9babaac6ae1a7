// What every Leases must do. See ports/leases.h.
#pragma once

#include <gtest/gtest.h>

#include "tests/support/worlds.h"

namespace pixgate::tests::leases {

using namespace std::chrono_literals;

inline void one_holder_at_a_time(World& w) {
    const auto first = run_task(w.leases().try_take("a", 10s));
    ASSERT_TRUE(first && *first);
    EXPECT_FALSE(run_task(w.leases().try_take("a", 10s))->has_value());
    EXPECT_TRUE(run_task(w.leases().try_take("b", 10s))->has_value());
    ASSERT_TRUE(run_task(w.leases().release("a", **first)));
    EXPECT_TRUE(run_task(w.leases().try_take("a", 10s))->has_value());
}

inline void it_ends_by_itself_and_a_late_release_ends_no_other(World& w) {
    const auto first = run_task(w.leases().try_take("a", 10s));
    ASSERT_TRUE(first && *first);
    w.clock.advance(10s);
    const auto second = run_task(w.leases().try_take("a", 10s));
    ASSERT_TRUE(second && *second);
    ASSERT_TRUE(run_task(w.leases().release("a", **first)));
    EXPECT_FALSE(run_task(w.leases().try_take("a", 10s))->has_value());
    ASSERT_TRUE(run_task(w.leases().release("nobody", "x")));
}

inline constexpr Case kCases[]{
    {"OneHolderAtATime", one_holder_at_a_time},
    {"ItEndsByItselfAndALateReleaseEndsNoOther", it_ends_by_itself_and_a_late_release_ends_no_other
    },
};

}  // namespace pixgate::tests::leases
