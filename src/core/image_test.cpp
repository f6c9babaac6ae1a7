#include "core/image.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace pixgate {
namespace {

using enum ImageState;
constexpr std::array kAll{kPending,     kStored, kReady,   kRejected,
                          kQuarantined, kFailed, kExpired, kDeleted};

TEST(ImageState, NamesGoThereAndBack) {
    for (const auto state : kAll) EXPECT_EQ(parse_image_state(name_of(state)), state);
    EXPECT_EQ(name_of(kQuarantined), "quarantined");
    for (const char* name : {"", "Ready", "ready ", "gone"}) EXPECT_FALSE(parse_image_state(name));
}

TEST(ImageState, OnlyTheAllowedChangesAre) {
    // from, and every state it may become.
    const std::vector<std::pair<ImageState, std::vector<ImageState>>> allowed{
        {kPending, {kStored, kReady, kRejected, kQuarantined, kFailed, kExpired, kDeleted}},
        {kStored, {kReady, kRejected, kQuarantined, kFailed, kDeleted}},
        {kReady, {kDeleted}},
        {kRejected, {kDeleted}},
        {kQuarantined, {kDeleted}},
        {kFailed, {kReady, kRejected, kQuarantined, kDeleted}},
        {kExpired, {kStored, kReady, kRejected, kQuarantined, kFailed, kDeleted}},
        {kDeleted, {}},
    };
    for (const auto& [from, to_states] : allowed) {
        for (const auto to : kAll) {
            const bool wanted = std::ranges::find(to_states, to) != to_states.end();
            EXPECT_EQ(may_change(from, to), wanted) << name_of(from) << " -> " << name_of(to);
        }
    }
}

TEST(ImageState, OnlyOneThatIsShownMayBeReplacedByAnotherVerdict) {
    for (const auto from : kAll) {
        for (const auto to : kAll) {
            const bool wanted =
                from == kReady && (to == kReady || to == kRejected || to == kQuarantined);
            EXPECT_EQ(may_replace(from, to), wanted) << name_of(from) << " -> " << name_of(to);
        }
    }
}

TEST(ImageState, OnlyPendingAndStoredWaitForSomething) {
    for (const auto state : kAll) {
        EXPECT_EQ(is_final(state), state != kPending && state != kStored) << name_of(state);
    }
}

TEST(ObjectKeys, NameTheImageAndGoBack) {
    const ImageId id{"0192f0c1-2222-7333-8444-555566667777"};
    EXPECT_EQ(original_key(id), "0192f0c1-2222-7333-8444-555566667777/original");
    EXPECT_EQ(thumbnail_key(id, "small"), id.value + "/thumbnails/small");
    EXPECT_EQ(parse_object_key(original_key(id))->id, id);
    EXPECT_EQ(parse_object_key(original_key(id))->thumbnail, "");
    EXPECT_EQ(parse_object_key(thumbnail_key(id, "small"))->thumbnail, "small");
}

TEST(ObjectKeys, ForeignKeysAreNobodys) {
    const std::string id = "0192f0c1-2222-7333-8444-555566667777";
    for (const std::string& key :
         {std::string(), std::string("/original"), id, id + "/", id + "/original/",
          id + "/Original", id + "/thumbnails/", id + "/thumbnails/../x", id + "/thumbnails/a/b",
          id + "x/original", std::string("0192F0C1-2222-7333-8444-555566667777/original"),
          "x/" + id + "/original", std::string("0192f0c1-2222-4333-8444-555566667777/original")}) {
        EXPECT_FALSE(parse_object_key(key)) << key;
    }
}

TEST(SimpleName, IsShortAndPlain) {
    for (const char* name : {"a", "thumb-1", "x_9", "abcdefghijklmnopqrstuvwxyz012345"}) {
        EXPECT_TRUE(is_simple_name(name)) << name;
    }
    for (const char* name : {"", "A", "a.b", "a/b", "é", "abcdefghijklmnopqrstuvwxyz0123456"}) {
        EXPECT_FALSE(is_simple_name(name)) << name;
    }
}

}  // namespace
}  // namespace pixgate
