#include "core/storage_event.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

// S3 user guide, "Event message structure": right pad the shorter value with zeros, then compare.
TEST(Sequencer, LaterIsGreater) {
    EXPECT_EQ(
        compare_sequencers("0055AED6DCD90281E5", "0055AED6DCD90281E6"), std::strong_ordering::less
    );
    EXPECT_EQ(
        compare_sequencers("0055AED6DCD90281E6", "0055AED6DCD90281E5"),
        std::strong_ordering::greater
    );
    EXPECT_EQ(compare_sequencers("09", "0A"), std::strong_ordering::less);
}

TEST(Sequencer, LengthAndCaseDoNotMatter) {
    EXPECT_EQ(compare_sequencers("0055aed6", "0055AED6"), std::strong_ordering::equal);
    EXPECT_EQ(compare_sequencers("0055", "00550000"), std::strong_ordering::equal);
    EXPECT_EQ(compare_sequencers("0055", "00550001"), std::strong_ordering::less);
    EXPECT_EQ(compare_sequencers("0056", "00550001"), std::strong_ordering::greater);
    EXPECT_EQ(compare_sequencers("", ""), std::strong_ordering::equal);
    EXPECT_EQ(compare_sequencers("", "01"), std::strong_ordering::less);
}

TEST(StorageEvent, KindsAreToldByTheirNames) {
    StorageEvent event;
    event.name = "ObjectCreated:CompleteMultipartUpload";
    EXPECT_TRUE(event.is_created());
    EXPECT_FALSE(event.is_removed());
    event.name = "ObjectRemoved:DeleteMarkerCreated";
    EXPECT_FALSE(event.is_created());
    EXPECT_TRUE(event.is_removed());
    event.name = "ObjectTagging:Put";
    EXPECT_FALSE(event.is_created() || event.is_removed());
}

}  // namespace
}  // namespace pixgate
