#include "http/conditional.h"

#include <gtest/gtest.h>

namespace pixgate::http {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kModified(1'768'469'400'250ms);  // 2026-01-15T09:30:00.250Z
constexpr auto kSame = "Thu, 15 Jan 2026 09:30:00 GMT";
constexpr auto kBefore = "Thu, 15 Jan 2026 09:29:59 GMT";
constexpr auto kLater = "Thu, 15 Jan 2026 09:30:01 GMT";

using List = std::vector<std::pair<std::string_view, std::string_view>>;

Fields make(const List& list) {
    Fields fields;
    for (const auto& [name, value] : list) fields.add(name, value);
    return fields;
}

// The status of RFC 9110 section 13.2.2 for a resource that would answer 200.
int status(
    std::string_view etag, const List& list, std::string_view method = "GET", bool exists = true
) {
    const auto fields = make(list);
    switch (evaluate(fields, method, exists, etag, kModified)) {
        case Precondition::kNotModified:
            return 304;
        case Precondition::kFailed:
            return 412;
        case Precondition::kProceed:
            break;
    }
    if (method != "GET") return 200;
    switch (resolve_range(fields, 9, etag, kModified, kModified + 1min).kind) {
        case RangeKind::kPart:
            return 206;
        case RangeKind::kUnsatisfiable:
            return 416;
        case RangeKind::kWhole:
            break;
    }
    return 200;
}

constexpr auto kX1 = "\"x1\"";
constexpr auto kWeakX1 = "W/\"x1\"";

TEST(Preconditions, IfNoneMatchComparesWeakly) {
    EXPECT_EQ(status(kX1, {{"If-None-Match", "\"x1\""}}), 304);
    EXPECT_EQ(status(kX1, {{"If-None-Match", "W/\"x1\""}}), 304);
    EXPECT_EQ(status(kX1, {{"If-None-Match", "\"a\", \"x1\""}}), 304);
    EXPECT_EQ(status(kX1, {{"If-None-Match", "*"}}), 304);
    EXPECT_EQ(status(kX1, {{"If-None-Match", "\"x2\""}}), 200);
    EXPECT_EQ(status(kX1, {{"If-None-Match", "\"x2\""}, {"If-Modified-Since", kLater}}), 200);
    EXPECT_EQ(status(kWeakX1, {{"If-None-Match", "\"x1\""}}), 304);
    EXPECT_EQ(status(kX1, {{"If-None-Match", "\"a\""}, {"If-None-Match", "\"x1\""}}), 304);
    EXPECT_EQ(status(kX1, {{"If-None-Match", "\"x1\""}}, "HEAD"), 304);
}

TEST(Preconditions, IfNoneMatchRefusesWrites) {
    EXPECT_EQ(status(kX1, {{"If-None-Match", "*"}}, "PUT"), 412);
    EXPECT_EQ(status(kX1, {{"If-None-Match", "\"x1\""}}, "PUT"), 412);
    EXPECT_EQ(status("", {{"If-None-Match", "*"}}, "PUT", false), 200);
}

TEST(Preconditions, IfMatchComparesStrongly) {
    EXPECT_EQ(status(kX1, {{"If-Match", "\"x1\""}}, "PUT"), 200);
    EXPECT_EQ(status(kX1, {{"If-Match", "x1"}}, "PUT"), 200);
    EXPECT_EQ(status(kX1, {{"If-Match", "*"}}, "PUT"), 200);
    EXPECT_EQ(status(kX1, {{"If-Match", "\"a\" , \"x1\""}}, "PUT"), 200);
    EXPECT_EQ(status(kX1, {{"If-Match", "W/\"x1\""}}), 412);
    EXPECT_EQ(status(kX1, {{"If-Match", "\"x2\""}}), 412);
    EXPECT_EQ(status(kX1, {{"If-Match", "\"x1"}}), 412);
    EXPECT_EQ(status(kWeakX1, {{"If-Match", "W/\"x1\""}}), 412);
    EXPECT_EQ(status("", {{"If-Match", "*"}}, "PUT", false), 412);
    EXPECT_EQ(status("", {{"If-Match", "\"x1\""}}, "PUT", false), 412);
}

TEST(Preconditions, DatesCountWhereNoTagDoes) {
    EXPECT_EQ(status(kX1, {{"If-Modified-Since", kSame}}), 304);
    EXPECT_EQ(status(kX1, {{"If-Modified-Since", kLater}}), 304);
    EXPECT_EQ(status(kX1, {{"If-Modified-Since", kBefore}}), 200);
    EXPECT_EQ(status(kX1, {{"If-Modified-Since", kSame}}, "PUT"), 200);
    EXPECT_EQ(status(kX1, {{"If-Modified-Since", "yesterday"}}), 200);
    EXPECT_EQ(status(kX1, {{"If-Unmodified-Since", kSame}}), 200);
    EXPECT_EQ(status(kX1, {{"If-Unmodified-Since", kBefore}}), 412);
    EXPECT_EQ(status(kX1, {{"If-Unmodified-Since", "yesterday"}}), 200);
    EXPECT_EQ(status(kX1, {{"If-Match", "\"x1\""}, {"If-Unmodified-Since", kBefore}}), 200);
}

TEST(Preconditions, CommasInsideTagsAreNotSeparators) {
    EXPECT_TRUE(etag_matches("\"a\", W/\"b\" ,\"c,d\"", "\"c,d\"", true));
    EXPECT_TRUE(etag_matches(" ,, \"a\",,\"b\" ", "\"b\"", true));
    EXPECT_FALSE(etag_matches("\"c,d\"", "\"d\"", false));
    EXPECT_FALSE(etag_matches("\"a\"\"b\"", "\"b\"", false));
    EXPECT_FALSE(etag_matches("", "\"\"", false));
    EXPECT_FALSE(etag_matches("\"*\"", "\"a\"", false));
}

TEST(Ranges, IfRangeDecidesBetweenPartAndWhole) {
    EXPECT_EQ(status(kX1, {{"Range", "bytes=0-3"}}), 206);
    EXPECT_EQ(status(kX1, {{"Range", "bytes=0-3"}, {"If-Range", "\"x1\""}}), 206);
    EXPECT_EQ(status(kX1, {{"Range", "bytes=0-3"}, {"If-Range", "W/\"x1\""}}), 200);
    EXPECT_EQ(status(kX1, {{"Range", "bytes=0-3"}, {"If-Range", "\"x2\""}}), 200);
    EXPECT_EQ(status(kWeakX1, {{"Range", "bytes=0-3"}, {"If-Range", "W/\"x1\""}}), 200);
    EXPECT_EQ(status(kX1, {{"Range", "bytes=0-3"}, {"If-None-Match", "\"x1\""}}), 304);
    EXPECT_EQ(status(kX1, {{"Range", "bytes=0-3"}, {"If-Range", kSame}}), 206);
    EXPECT_EQ(status(kX1, {{"Range", "bytes=0-3"}, {"If-Range", kLater}}), 200);
    EXPECT_EQ(status(kX1, {{"Range", "bytes=0-3"}, {"Range", "bytes=0-3"}}), 200);
    const auto fields = make({{"Range", "bytes=0-3"}, {"If-Range", kSame}});
    EXPECT_EQ(resolve_range(fields, 9, kX1, kModified).kind, RangeKind::kWhole);
    EXPECT_EQ(resolve_range(fields, 9, kX1, kModified, kModified).kind, RangeKind::kWhole);
}

// "offset+length", "whole" or "416".
std::string answer(std::string_view range, std::uint64_t size) {
    const auto a = resolve_range(range, size);
    if (a.kind == RangeKind::kWhole) return "whole";
    if (a.kind == RangeKind::kUnsatisfiable) return "416";
    return std::to_string(a.range.offset) + "+" + std::to_string(a.range.length);
}

TEST(Ranges, OneRangeGivesItsPart) {
    EXPECT_EQ(answer("bytes=0-99", 1000), "0+100");
    EXPECT_EQ(answer("bytes=100-", 1000), "100+900");
    EXPECT_EQ(answer("bytes=-50", 1000), "950+50");
    EXPECT_EQ(answer("bytes=999-5000", 1000), "999+1");
    EXPECT_EQ(answer("bytes=-5000", 1000), "0+1000");
    EXPECT_EQ(answer("bytes=0-0", 1000), "0+1");
    EXPECT_EQ(answer("Bytes=0-1", 1000), "0+2");
    EXPECT_EQ(answer("bytes=5-99999999999999999999999", 1000), "5+995");
}

TEST(Ranges, NothingInReachIs416) {
    EXPECT_EQ(answer("bytes=1000-", 1000), "416");
    EXPECT_EQ(answer("bytes=1000-2000", 1000), "416");
    EXPECT_EQ(answer("bytes=-0", 1000), "416");
    EXPECT_EQ(answer("bytes=0-", 0), "416");
    EXPECT_EQ(answer("bytes=-5", 0), "416");
    EXPECT_EQ(answer("bytes=99999999999999999999999-", 1000), "416");
}

TEST(Ranges, JunkAndSeveralRangesGiveTheWhole) {
    for (const auto* range :
         {"bytes=5-2", "bytes=", "bytes=-", "bytes=a-b", "bytes 0-1", "items=0-1", "0-1",
          "bytes=0-1,3-4", "bytes=0-1,", "bytes=+1-2", "bytes=0x1-2", "bytes=1-2-3", "bytes=--5",
          "bytes=0 - 1", ""}) {
        EXPECT_EQ(answer(range, 1000), "whole") << range;
    }
}

TEST(Ranges, ContentRangeNamesFirstLastAndSize) {
    EXPECT_EQ(content_range({0, 100}, 1234), "bytes 0-99/1234");
}

}  // namespace
}  // namespace pixgate::http
