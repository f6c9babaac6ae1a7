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

Variant variant(const char* name, const char* key, VariantKind kind) {
    Variant out;
    out.name = name;
    out.key = key;
    out.kind = kind;
    return out;
}

Image shown() {
    Image image = pending();
    Change change = change_to(kReady);
    change.stored_at = kBegin;
    change.event = StorageEvent{};
    change.event->etag = "one";
    change.event->size_bytes = 7;
    change.sha256 = "ab";
    change.width_px = 40;
    change.height_px = 30;
    change.has_alpha = true;
    change.thumbhash = "AQID";
    change.products = {variant("40", "one", VariantKind::kRendition)};
    EXPECT_EQ(change_image(image, change), Applied::kDone);
    change.variant = variant("small", "thumbnail", VariantKind::kThumbnail);
    EXPECT_EQ(change_image(image, change), Applied::kDone);
    return image;
}

Change newer(ImageState to) {
    Change change = change_to(to);
    change.at += std::chrono::seconds(60);
    change.stored_at = kBegin + std::chrono::seconds(50);
    change.event = StorageEvent{};
    change.event->etag = "two";
    return change;
}

TEST(ImageChange, ANewerVersionTakesThePlaceOfTheOneThatIsShown) {
    Image image = shown();
    Change change = newer(kReady);
    change.width_px = 80;
    change.height_px = 60;
    change.products = {variant("80", "two", VariantKind::kRendition)};
    EXPECT_EQ(change_image(image, change), Applied::kReplaced);
    EXPECT_EQ(image.etag, "two");
    EXPECT_EQ(image.width_px, 80U);
    EXPECT_EQ(image.sha256, "") << "not that of the version before";
    EXPECT_FALSE(image.has_alpha);
    EXPECT_EQ(image.thumbhash, "");
    EXPECT_EQ(image.ready_at, change.at);
    ASSERT_EQ(image.variants.size(), 2U);
    EXPECT_EQ(image.variants[0].key, "thumbnail");
    EXPECT_EQ(image.variants[1].key, "two");
    ASSERT_EQ(image.history.size(), 5U);
    EXPECT_EQ(image.history[3].state, kStored);
    EXPECT_EQ(image.history[3].at, *change.stored_at);
    EXPECT_EQ(image.history[4].state, kReady);
}

TEST(ImageChange, ANewerVersionThatIsRefusedWithdrawsTheOneThatIsShown) {
    for (const auto to : {kRejected, kQuarantined}) {
        Image image = shown();
        Change change = newer(to);
        change.reason = "broken";
        EXPECT_EQ(change_image(image, change), Applied::kReplaced);
        EXPECT_EQ(image.state, to);
        EXPECT_EQ(image.reason, "broken");
        EXPECT_EQ(image.etag, "two");
        EXPECT_EQ(image.width_px, 0U);
        EXPECT_FALSE(image.ready_at);
        ASSERT_EQ(image.variants.size(), 1U);
        EXPECT_EQ(image.variants[0].kind, VariantKind::kThumbnail);
        change.event->etag = "three";
        change.to = kReady;
        EXPECT_EQ(change_image(image, change), Applied::kSkipped) << "nothing is shown";
    }
}

TEST(ImageChange, WhatIsNoOtherVersionReplacesNothing) {
    const Image before = shown();
    for (const auto to : {kReady, kRejected, kQuarantined}) {
        Image image = before;
        Change change = newer(to);
        change.event->etag = "one";
        EXPECT_EQ(change_image(image, change), Applied::kSkipped);
        change.event.reset();
        EXPECT_EQ(change_image(image, change), Applied::kSkipped);
        EXPECT_EQ(image.history, before.history);
        EXPECT_EQ(image.variants, before.variants);
    }
    Image image = before;
    EXPECT_EQ(change_image(image, newer(kFailed)), Applied::kSkipped);
    EXPECT_EQ(change_image(image, newer(kStored)), Applied::kSkipped);
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
