#include "imaging/sandbox/without_padding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace pixgate::imaging {
namespace {

// A request made in memory that holds 0xEE everywhere before.
RequestBytes sent_from_dirty_memory(void (*fill)(JobRequest&)) {
    struct alignas(JobRequest) Memory {
        std::array<std::byte, sizeof(JobRequest)> bytes;
    };
    auto memory = std::make_unique<Memory>();
    memory->bytes.fill(std::byte{0xEE});
    auto* request = new (memory->bytes.data()) JobRequest;
    fill(*request);
    return without_padding(*request);
}

void fill_some(JobRequest& request) {
    request.id = 42;
    request.kind = JobKind::kPrepare;
    request.input_bytes = 100;
    request.verify.check_declared = false;
    request.transform.transform.width_px = 320;
    request.transform.transform.background = Rgb{1, 2, 3};
    request.prepare.product_count = 2;
    request.prepare.linear_light = request.prepare.keep_wide_gamut = true;
    request.prepare.mark_bytes = 7;
    request.prepare.products[1].is_rendition = true;
    request.prepare.products[1].transform.gravity = {GravityKind::kPoint, 10, 20};
}

TEST(WithoutPadding, LeavesNothingOfTheMemoryBetweenTheFields) {
    const auto bytes = sent_from_dirty_memory(fill_some);
    EXPECT_EQ(std::ranges::count(bytes, std::byte{0xEE}), 0);
    const auto again = sent_from_dirty_memory(fill_some);
    EXPECT_EQ(bytes, again);
}

TEST(WithoutPadding, KeepsEveryField) {
    const auto bytes = sent_from_dirty_memory(fill_some);
    JobRequest read;
    std::memcpy(&read, bytes.data(), sizeof read);
    EXPECT_EQ(read.magic, kProtocolMagic);
    EXPECT_EQ(read.id, 42U);
    EXPECT_EQ(read.kind, JobKind::kPrepare);
    EXPECT_EQ(read.input_bytes, 100U);
    EXPECT_FALSE(read.verify.check_declared);
    EXPECT_EQ(read.verify.allowed.bits(), kDecodable.bits());
    EXPECT_EQ(read.limits.max_pixels, Limits{}.max_pixels);
    EXPECT_EQ(read.transform.transform.width_px, 320U);
    EXPECT_EQ(read.transform.transform.background, (Rgb{1, 2, 3}));
    EXPECT_FALSE(read.prepare.products[1].transform.background.has_value());
    EXPECT_TRUE(read.prepare.products[1].is_rendition);
    EXPECT_EQ(read.prepare.products[1].transform.gravity.x_permille, 10);
    EXPECT_EQ(read.prepare.products[23].transform, Transform{});
    EXPECT_TRUE(read.prepare.linear_light && read.prepare.keep_wide_gamut);
    EXPECT_EQ(read.prepare.mark_bytes, 7U);
}

}  // namespace
}  // namespace pixgate::imaging
