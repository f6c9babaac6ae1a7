#include "base/body.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

TEST(TextBody, ComesInPiecesOfAtMost256KiB) {
    const auto body = make_text_body(std::string(600'000, 'x'));
    EXPECT_EQ(body->length(), 600'000U);
    std::vector<std::size_t> sizes;
    for (;;) {
        const auto piece = run_task(body->next());
        ASSERT_TRUE(piece);
        if (piece->empty()) break;
        sizes.push_back(piece->size());
    }
    EXPECT_EQ(sizes, (std::vector<std::size_t>{262'144, 262'144, 75'712}));
}

TEST(ReadAll, StopsAtTheLimit) {
    const auto small = make_text_body("hello");
    EXPECT_EQ(run_task(read_all(*small, 5)).value(), "hello");
    const auto large = make_text_body("hello!");
    EXPECT_EQ(run_task(read_all(*large, 5)).error().code, Errc::kTooLarge);
}

}  // namespace
}  // namespace pixgate
