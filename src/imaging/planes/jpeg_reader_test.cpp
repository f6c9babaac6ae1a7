#include "imaging/planes/jpeg_reader.h"

#include <gtest/gtest.h>

#include "tests/support/bytes.h"
#include "tests/support/pictures.h"

namespace pixgate::imaging {
namespace {

TEST(JpegReader, ReadsNoMoreScansThanAreAllowed) {
    const std::string jpeg = test::make_progressive_jpeg(64, 48);
    const auto starts = [&](std::uint32_t max_scans, std::string& error) {
        JpegReader reader(test::as_bytes(jpeg), 1ULL << 30, max_scans);
        JpegHead head;
        JpegLayout layout;
        EXPECT_TRUE(reader.read_head(head));
        const bool has_started = reader.start(1, layout);
        if (!has_started) error = reader.error();
        return has_started;
    };
    std::string error;
    EXPECT_TRUE(starts(100, error));
    EXPECT_FALSE(starts(2, error));
    EXPECT_EQ(error, "more scans than its header");
}

}  // namespace
}  // namespace pixgate::imaging
