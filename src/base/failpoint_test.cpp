#include "base/failpoint.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

TEST(Failpoint, APointThatNobodyNamedDoesNothing) {
    EXPECT_EQ(failpoint::hit("test.no_such_point"), failpoint::Action::kNone);
    EXPECT_TRUE(failpoint::check("test.no_such_point"));
    EXPECT_FALSE(failpoint::is_skipped("test.no_such_point"));
}

}  // namespace
}  // namespace pixgate
