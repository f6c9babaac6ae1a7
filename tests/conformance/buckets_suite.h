// What every Buckets must do. See ports/object_store.h.
#pragma once

#include <gtest/gtest.h>

#include "tests/support/worlds.h"

namespace pixgate::tests::buckets {

inline void a_made_bucket_is_found(World& w) {
    ASSERT_TRUE(run_task(w.buckets().create("one", false)));
    const auto found = run_task(w.buckets().find("one"));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, "one");
    EXPECT_EQ(found->created_at, w.clock.now());
    EXPECT_EQ(run_task(w.buckets().find("two")).error().code, Errc::kNotFound);
}

inline void a_second_create_is_refused(World& w) {
    ASSERT_TRUE(run_task(w.buckets().create("one", true)));
    EXPECT_EQ(run_task(w.buckets().create("one", false)).error().code, Errc::kAlreadyExists);
}

inline void buckets_are_listed_by_name(World& w) {
    for (const char* name : {"b", "c", "a"}) ASSERT_TRUE(run_task(w.buckets().create(name, true)));
    const auto all = run_task(w.buckets().list());
    ASSERT_TRUE(all);
    std::string names;
    for (const auto& bucket : *all) names += bucket.name;
    EXPECT_EQ(names, "abc");
}

inline void buckets_survive_a_restart(World& w) {
    ASSERT_TRUE(run_task(w.buckets().create("one", true)));
    w.restart();
    EXPECT_TRUE(run_task(w.buckets().find("one")));
}

inline constexpr Case kCases[]{
    {"AMadeBucketIsFound", a_made_bucket_is_found},
    {"ASecondCreateIsRefused", a_second_create_is_refused},
    {"BucketsAreListedByName", buckets_are_listed_by_name},
};

// For adapters that outlive the process.
inline constexpr Case kDurableCases[]{
    {"BucketsSurviveARestart", buckets_survive_a_restart},
};

}  // namespace pixgate::tests::buckets
