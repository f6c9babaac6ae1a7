#include "core/snapshot.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

TEST(Snapshot, AnImageComesBackAsItWas) {
    Image image;
    image.id = {"0192f0c1-2222-7333-8444-555566667777"};
    image.owner = "ann \"<b>\"";
    image.state = ImageState::kReady;
    image.filename = "휴가\n.jpg";
    image.declared_bytes = 9'007'199'254'740'993;
    image.size_bytes = 18'446'744'073'709'551'615U;
    image.variants = {
        {"thumb", "b", "k", "e", "image/webp", 256, 192, 9'000},
        {"w640", "b", "p", "e", "image/webp", 640, 480, 30'000, VariantKind::kPreset}
    };
    image.has_alpha = true;
    image.dominant_colour = "#a1b2c3";
    image.thumbhash = "AQID";
    image.blurhash = "LEHV6n";
    image.history = {{ImageState::kPending, TimePoint(std::chrono::milliseconds(1)), "r"}};
    image.metadata = {{"k", "v"}, {"", ""}};
    image.created_at = TimePoint(std::chrono::milliseconds(1'767'225'600'123));
    image.ready_at = TimePoint(std::chrono::milliseconds(-1));
    const auto read = read_snapshot(write_snapshot(image));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->owner, image.owner);
    EXPECT_EQ(read->filename, image.filename);
    EXPECT_EQ(read->declared_bytes, image.declared_bytes);
    EXPECT_EQ(read->size_bytes, image.size_bytes);
    EXPECT_EQ(read->variants, image.variants);
    EXPECT_EQ(read->history, image.history);
    EXPECT_EQ(read->has_alpha, image.has_alpha);
    EXPECT_EQ(read->dominant_colour, image.dominant_colour);
    EXPECT_EQ(read->thumbhash, image.thumbhash);
    EXPECT_EQ(read->blurhash, image.blurhash);
    EXPECT_EQ(read->metadata, image.metadata);
    EXPECT_EQ(read->created_at, image.created_at);
    EXPECT_EQ(read->ready_at, image.ready_at);
    EXPECT_EQ(write_snapshot(*read), write_snapshot(image));
}

TEST(Snapshot, OneOfAnOlderVersionIsRead) {
    const auto read = read_snapshot(
        R"({"id":"i","owner":"o","policy":"p","state":"ready","reason":"","filename":"f",)"
        R"("bucket":"b","key":"k","declared_type":"t","declared_bytes":1,"etag":"e",)"
        R"("content_type":"image/png","size_bytes":1,"sha256":"","width_px":1,"height_px":1,)"
        R"("frames":1,"variants":[{"name":"small","bucket":"b","key":"k2","etag":"e",)"
        R"("content_type":"image/png","width_px":1,"height_px":1,"size_bytes":1}],)"
        R"("history":[],"metadata":{},"created_ms":1,"expires_ms":2,"ready_ms":null})"
    );
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->variants.at(0).kind, VariantKind::kThumbnail);
    EXPECT_EQ(read->thumbhash, "");
    EXPECT_FALSE(read->has_alpha);
}

TEST(Snapshot, WhatIsNoneIsCorrupt) {
    for (const char* text : {"", "null", "[]", "{}", "{\"id\":1}", "{\"id\":\"x\"}"}) {
        const auto read = read_snapshot(text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, Errc::kCorrupt);
    }
    EXPECT_EQ(read_text_map("{\"a\":1}").error().code, Errc::kCorrupt);
}

}  // namespace
}  // namespace pixgate
