#include "base/ids.h"

#include <gtest/gtest.h>

#include <set>

namespace pixgate {
namespace {

using namespace std::chrono_literals;

TEST(Ids, UuidsOfVersionSevenSortByTime) {
    ManualClock clock(TimePoint(1'768'469'400'123ms));
    SystemIds ids(clock);
    const auto first = ids.uuid_v7();
    EXPECT_TRUE(is_uuid_v7(first)) << first;
    EXPECT_EQ(first.substr(0, 13), "019bc0fd-8a3b");
    clock.advance(1ms);
    EXPECT_LT(first, ids.uuid_v7());
}

TEST(Ids, AThousandAreDifferent) {
    const SystemClock clock;
    SystemIds ids(clock);
    std::set<std::string> seen;
    for (int i = 0; i < 1'000; ++i) seen.insert(ids.uuid_v7());
    EXPECT_EQ(seen.size(), 1'000U);
}

TEST(Ids, OnlyLowerCaseVersionSevenIsAnId) {
    EXPECT_TRUE(is_uuid_v7("019bc13a-9b7b-7000-8000-000000000001"));
    for (const char* text :
         {"", "019bc13a-9b7b-4000-8000-000000000001", "019BC13A-9b7b-7000-8000-000000000001",
          "019bc13a-9b7b-7000-8000-00000000000", "019bc13a09b7b-7000-8000-000000000001",
          "../../../../etc/passwd/x/x/x/x/x/x/xx"}) {
        EXPECT_FALSE(is_uuid_v7(text)) << text;
    }
}

TEST(Ids, TokensAreUrlSafeAndOfTheLengthAsked) {
    const auto token = random_token(32);
    EXPECT_EQ(token.size(), 43U);
    EXPECT_EQ(
        token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
        token.npos
    );
    EXPECT_NE(token, random_token(32));
}

}  // namespace
}  // namespace pixgate
