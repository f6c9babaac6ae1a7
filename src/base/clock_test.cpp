#include "base/clock.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kThen(1'768'469'400'123ms);  // 2026-01-15T09:30:00.123Z

TEST(Clock, TheThreeFormsOfOneMoment) {
    EXPECT_EQ(format_rfc3339(kThen), "2026-01-15T09:30:00.123Z");
    EXPECT_EQ(format_iso_basic(kThen), "20260115T093000Z");
    EXPECT_EQ(format_http_date(kThen), "Thu, 15 Jan 2026 09:30:00 GMT");
}

TEST(Clock, WhatIsWrittenIsReadBack) {
    EXPECT_EQ(parse_rfc3339("2026-01-15T09:30:00.123Z").value(), kThen);
    EXPECT_EQ(parse_rfc3339("2026-01-15T09:30:00Z").value(), kThen - 123ms);
    EXPECT_EQ(parse_rfc3339("2026-01-15T09:30:00.1234567Z").value(), kThen);
    EXPECT_EQ(parse_iso_basic("20260115T093000Z").value(), kThen - 123ms);
    EXPECT_EQ(parse_http_date("Thu, 15 Jan 2026 09:30:00 GMT").value(), kThen - 123ms);
    EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z").value().time_since_epoch(), 1'709'164'800s);
}

TEST(Clock, WhatIsNoTimeIsRefused) {
    for (const char* text :
         {"", "2026-02-30T00:00:00Z", "2026-01-15T24:00:00Z", "2026-01-15T09:30:00",
          "2026-01-15 09:30:00Z", "2026-01-15T09:30:00.Z", "2026-01-15T09:30:00+09:00",
          "2026-13-01T00:00:00Z"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
    for (const char* text :
         {"", "20260230T000000Z", "20260115093000Z", "20260115T093000", "2026011xT093000Z"}) {
        EXPECT_FALSE(parse_iso_basic(text)) << text;
    }
    for (const char* text :
         {"", "Thursday, 15-Jan-26 09:30:00 GMT", "Thu Jan 15 09:30:00 2026",
          "Thu, 15 Foo 2026 09:30:00 GMT"}) {
        EXPECT_FALSE(parse_http_date(text)) << text;
    }
}

TEST(ManualClock, MovesBothClocksTogether) {
    ManualClock clock(kThen);
    const auto before = clock.steady();
    clock.advance(5s);
    EXPECT_EQ(clock.now(), kThen + 5s);
    EXPECT_EQ(clock.steady() - before, 5s);
}

}  // namespace
}  // namespace pixgate
