#include "core/message.h"

#include <gtest/gtest.h>

#include "core/bucket.h"

namespace pixgate {
namespace {

RegisterMessage sample() {
    RegisterMessage m;
    m.image_id = {"0192f0c1-2222-7333-8444-555566667777"};
    m.thumbnail = "small";
    m.url = "http://127.0.0.1:9000/pixgate-originals/k?a=\"1\"";
    m.verdict = ImageState::kRejected;
    m.reason = "not_a_picture";
    m.content_type = "image/webp";
    m.size_bytes = 9'007'199'254'740'993;  // more than a double holds
    m.sha256 = "ab12";
    m.width_px = 4000;
    m.height_px = 3000;
    m.frames = 7;
    m.has_alpha = true;
    m.dominant_colour = "#a1b2c3";
    m.thumbhash = "AQID";
    m.blurhash = "LEHV6n";
    m.variants = {
        {"w640", std::string(kVariantsBucket), "p", "e", "image/webp", 640, 480, 30'000,
         VariantKind::kPreset}
    };
    m.event.name = "ObjectCreated:Put";
    m.event.at = TimePoint(std::chrono::milliseconds(1'767'225'600'123));
    m.event.bucket = "pixgate-originals";
    m.event.key = "사진 \"1\"\n.jpg";
    m.event.etag = "5d41";
    m.event.version_id = "v1";
    m.event.sequencer = "000000000000000A";
    m.event.request_id = "R1";
    return m;
}

TEST(RegisterMessage, ComesBackAsItWas) {
    const auto wanted = sample();
    const auto read = parse_register_message(to_json(wanted));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->image_id, wanted.image_id);
    EXPECT_EQ(read->thumbnail, wanted.thumbnail);
    EXPECT_EQ(read->url, wanted.url);
    EXPECT_EQ(read->verdict, wanted.verdict);
    EXPECT_EQ(read->reason, wanted.reason);
    EXPECT_EQ(read->content_type, wanted.content_type);
    EXPECT_EQ(read->size_bytes, wanted.size_bytes);
    EXPECT_EQ(read->sha256, wanted.sha256);
    EXPECT_EQ(read->width_px, wanted.width_px);
    EXPECT_EQ(read->height_px, wanted.height_px);
    EXPECT_EQ(read->frames, wanted.frames);
    EXPECT_EQ(read->has_alpha, wanted.has_alpha);
    EXPECT_EQ(read->dominant_colour, wanted.dominant_colour);
    EXPECT_EQ(read->thumbhash, wanted.thumbhash);
    EXPECT_EQ(read->blurhash, wanted.blurhash);
    EXPECT_EQ(read->variants, wanted.variants);
    EXPECT_EQ(read->event.name, wanted.event.name);
    EXPECT_EQ(read->event.at, wanted.event.at);
    EXPECT_EQ(read->event.bucket, wanted.event.bucket);
    EXPECT_EQ(read->event.key, wanted.event.key);
    EXPECT_EQ(read->event.etag, wanted.event.etag);
    EXPECT_EQ(read->event.version_id, wanted.event.version_id);
    EXPECT_EQ(read->event.sequencer, wanted.event.sequencer);
    EXPECT_EQ(read->event.request_id, wanted.event.request_id);
    EXPECT_EQ(read->event.size_bytes, wanted.size_bytes);
}

std::string replaced(std::string_view from, std::string_view to) {
    std::string json = to_json(sample());
    const auto at = json.find(from);
    EXPECT_NE(at, json.npos) << from;
    return json.replace(at, from.size(), to);
}

TEST(RegisterMessage, OneOfAnOlderVersionIsRead) {
    std::string json = to_json(sample());
    const auto from = json.find(",\"has_alpha\"");
    const auto to = json.find(",\"event\"");
    ASSERT_LT(from, to);
    json.erase(from, to - from);
    const auto read = parse_register_message(json);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->event.etag, "5d41");
    EXPECT_TRUE(read->variants.empty());
}

TEST(RegisterMessage, WhatIsNoMessageIsRefused) {
    std::string deep(200, '[');
    for (const std::string& text :
         {std::string(),
          std::string("null"),
          std::string("[]"),
          std::string("{}"),
          deep,
          to_json(sample()) + "x",
          to_json(sample()).substr(0, 100),
          replaced("pixgate.register/1", "pixgate.register/2"),
          replaced("rejected", "great"),
          replaced("4000", "-1"),
          replaced("4000", "1.5"),
          replaced("4000", "\"4000\""),
          replaced("4000", "4294967296"),
          replaced("\"frames\"", "\"frame\""),
          replaced("2026-01-01T", "2026-13-01T"),
          replaced("\"event\":{", "\"event\":[],\"x\":{"),
          replaced("\"5d41\"", "5"),
          replaced("\"preset\"", "\"thumbnail\""),
          replaced("\"has_alpha\":true", "\"has_alpha\":1"),
          replaced("\"variants\":[", "\"variants\":[1,"),
          std::string(65 * 1024, ' ') + to_json(sample())}) {
        const auto read = parse_register_message(text);
        ASSERT_FALSE(read) << text.substr(0, 200);
        EXPECT_EQ(read.error().code, Errc::kInvalidArgument);
    }
}

}  // namespace
}  // namespace pixgate
