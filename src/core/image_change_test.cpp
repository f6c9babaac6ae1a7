#include "core/image_change.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

using enum ImageState;

constexpr TimePoint kBegin(std::chrono::milliseconds(1'767'225'600'000));

Image pending() {
    Image image;
    image.filename = "a.jpg";
    image.metadata = {{"k", "v"}};
    image.history = {{kPending, kBegin, ""}};
    return image;
}
Change change_to(ImageState to) {
    Change change;
    change.to = to;
    change.at = kBegin + std::chrono::seconds(5);
    return change;
}

TEST(ImageChange, EachStateIsWrittenOnceWithTimeAndReason) {
    Image image = pending();
    Change change = change_to(kRejected);
    change.reason = "not_a_picture";
    EXPECT_EQ(change_image(image, change), Applied::kDone);
    EXPECT_EQ(change_image(image, change), Applied::kSkipped);
    const std::vector<HistoryEntry> history{
        {kPending, kBegin, ""}, {kRejected, change.at, "not_a_picture"}
    };
    EXPECT_EQ(image.history, history);
    EXPECT_EQ(image.reason, "not_a_picture");
    EXPECT_FALSE(image.ready_at);
}

TEST(ImageChange, TheStoredEntryIsWrittenOnce) {
    Image image = pending();
    Change change = change_to(kStored);
    change.stored_at = kBegin;
    EXPECT_EQ(change_image(image, change), Applied::kDone);
    change.to = kReady;
    EXPECT_EQ(change_image(image, change), Applied::kDone);
    ASSERT_EQ(image.history.size(), 3U);
    EXPECT_EQ(image.history[1].state, kStored);
    EXPECT_EQ(image.history[2].state, kReady);
    EXPECT_EQ(image.ready_at, change.at);
}

TEST(ImageChange, AFailureKeepsWhatIsKnown) {
    Image image = pending();
    image.width_px = 10;
    Change change = change_to(kFailed);
    change.event = StorageEvent{};
    change.width_px = 99;
    EXPECT_EQ(change_image(image, change), Applied::kDone);
    EXPECT_EQ(image.width_px, 10U);
    EXPECT_EQ(image.etag, "");
}

TEST(ImageChange, DeletionForgetsThePerson) {
    Image image = pending();
    EXPECT_EQ(change_image(image, change_to(kDeleted)), Applied::kDone);
    EXPECT_EQ(image.filename, "");
    EXPECT_TRUE(image.metadata.empty());
    EXPECT_EQ(change_image(image, change_to(kReady)), Applied::kSkipped);
}

TEST(ImageChange, OnlyVerdictsAndVariantsAreEffects) {
    for (const auto state : {kReady, kRejected, kQuarantined}) {
        EXPECT_TRUE(is_effect(change_to(state)));
    }
    for (const auto state : {kPending, kStored, kFailed, kExpired, kDeleted}) {
        EXPECT_FALSE(is_effect(change_to(state)));
        Change change = change_to(state);
        change.variant = Variant{};
        EXPECT_TRUE(is_effect(change));
    }
}

}  // namespace
}  // namespace pixgate
