#include "core/upload.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace pixgate {
namespace {

UploadRequest good() {
    UploadRequest request;
    request.owner = "ann";
    request.filename = "휴가.jpg";
    request.content_type = "image/jpeg";
    request.size_bytes = 1'000;
    request.checksum_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    request.thumbnails = {{"small", "image/webp", 100}, {"large", "image/jpeg", 200}};
    request.metadata = {{"album", "서울"}};
    return request;
}

struct Refusal {
    const char* why;
    void (*spoil)(UploadRequest&);
    Errc code;
    const char* field;
};

TEST(UploadRequest, AGoodOneIsAccepted) {
    EXPECT_TRUE(validate(good(), Policy{}));
    UploadRequest least;
    least.owner = std::string(200, 'o');
    least.content_type = "image/png";
    least.size_bytes = 1;
    EXPECT_TRUE(validate(least, Policy{}));
}

TEST(UploadRequest, LimitsAreInclusive) {
    const Policy policy;
    auto request = good();
    request.size_bytes = policy.max_bytes;
    request.thumbnails[0].size_bytes = policy.max_thumbnail_bytes;
    request.metadata = {{"k", std::string(policy.max_metadata_bytes - 1, 'v')}};
    EXPECT_TRUE(validate(request, policy));
}

TEST(UploadRequest, WhatThePolicyForbidsIsRefusedByField) {
    const std::vector<Refusal> refusals{
        {"no owner", [](auto& r) { r.owner.clear(); }, Errc::kInvalidArgument, "owner"},
        {"long owner", [](auto& r) { r.owner = std::string(201, 'o'); }, Errc::kInvalidArgument,
         "owner"},
        {"owner of two lines", [](auto& r) { r.owner = "a\r\nb"; }, Errc::kInvalidArgument, "owner"
        },
        {"long name", [](auto& r) { r.filename = std::string(1025, 'a'); }, Errc::kInvalidArgument,
         "filename"},
        {"name not UTF-8", [](auto& r) { r.filename = "\xff"; }, Errc::kInvalidArgument, "filename"
        },
        {"html", [](auto& r) { r.content_type = "text/html"; }, Errc::kUnsupportedMedia,
         "content_type"},
        {"svg", [](auto& r) { r.content_type = "image/svg+xml"; }, Errc::kUnsupportedMedia,
         "content_type"},
        {"type with a tail", [](auto& r) { r.content_type = "image/png;x=<script>"; },
         Errc::kUnsupportedMedia, "content_type"},
        {"no type", [](auto& r) { r.content_type.clear(); }, Errc::kUnsupportedMedia, "content_type"
        },
        {"empty", [](auto& r) { r.size_bytes = 0; }, Errc::kInvalidArgument, "size_bytes"},
        {"a byte too much", [](auto& r) { r.size_bytes = Policy{}.max_bytes + 1; }, Errc::kTooLarge,
         "size_bytes"},
        {"2^63", [](auto& r) { r.size_bytes = 1ULL << 63; }, Errc::kTooLarge, "size_bytes"},
        {"short checksum", [](auto& r) { r.checksum_sha256 = "AAAA"; }, Errc::kInvalidArgument,
         "checksum_sha256"},
        {"checksum in hex", [](auto& r) { r.checksum_sha256 = std::string(64, 'a'); },
         Errc::kInvalidArgument, "checksum_sha256"},
        {"many thumbnails",
         [](auto& r) {
             r.thumbnails = {
                 {"a", "image/png", 1},
                 {"b", "image/png", 1},
                 {"c", "image/png", 1},
                 {"d", "image/png", 1}
             };
         },
         Errc::kInvalidArgument, "thumbnails"},
        {"twice the same name", [](auto& r) { r.thumbnails[1].name = "small"; },
         Errc::kInvalidArgument, "thumbnails.name"},
        {"a path as name", [](auto& r) { r.thumbnails[0].name = "../x"; }, Errc::kInvalidArgument,
         "thumbnails.name"},
        {"thumbnail type", [](auto& r) { r.thumbnails[0].content_type = "text/html"; },
         Errc::kUnsupportedMedia, "thumbnails.content_type"},
        {"empty thumbnail", [](auto& r) { r.thumbnails[0].size_bytes = 0; }, Errc::kInvalidArgument,
         "thumbnails.size_bytes"},
        {"big thumbnail",
         [](auto& r) { r.thumbnails[0].size_bytes = Policy{}.max_thumbnail_bytes + 1; },
         Errc::kTooLarge, "thumbnails.size_bytes"},
        {"metadata key", [](auto& r) { r.metadata = {{"a b", "v"}}; }, Errc::kInvalidArgument,
         "metadata.a b"},
        {"much metadata", [](auto& r) { r.metadata = {{"k", std::string(2'048, 'v')}}; },
         Errc::kTooLarge, "metadata"},
    };
    for (const auto& refusal : refusals) {
        auto request = good();
        refusal.spoil(request);
        const auto result = validate(request, Policy{});
        ASSERT_FALSE(result) << refusal.why;
        EXPECT_EQ(result.error().code, refusal.code) << refusal.why;
        EXPECT_EQ(result.error().reason, refusal.field) << refusal.why;
    }
}

TEST(UploadRequest, OnlyListedMetadataKeysAreAllowedWhereThereIsAList) {
    Policy policy;
    policy.metadata_keys = {"album"};
    EXPECT_TRUE(validate(good(), policy));
    auto request = good();
    request.metadata["other"] = "x";
    EXPECT_EQ(validate(request, policy).error().reason, "metadata.other");
}

TEST(Filename, OrdinaryNamesStay) {
    for (const char* name :
         {"a.jpg", "휴가 사진 (1).jpg", "e\xcc\x81.png", "👩‍👧.webp", ".hidden", ""}) {
        EXPECT_EQ(clean_filename(name), name);
    }
}

TEST(Filename, ControlsPathsAndTurnsAreDropped) {
    EXPECT_EQ(clean_filename("../../etc/passwd"), "....etcpasswd");
    EXPECT_EQ(clean_filename("a\\b\nc\x7f\x01"), "abc");
    EXPECT_EQ(clean_filename("photo\xe2\x80\xaegpj.exe"), "photogpj.exe");
    EXPECT_EQ(
        clean_filename("a\xe2\x81\xa6"
                       "b\xe2\x80\x8e"),
        "ab"
    );
    EXPECT_EQ(clean_filename("a\xc2\x85z"), "az");
    EXPECT_EQ(clean_filename("bad\xff\xfe end\xe2\x82"), "bad end");
    EXPECT_EQ(clean_filename(std::string_view("nul\0x", 5)), "nulx");
}

TEST(Filename, TheCutIsBetweenCharacters) {
    std::string name;
    for (int i = 0; i < 100; ++i) name += "가";
    const auto cut = clean_filename(name);
    EXPECT_EQ(cut.size(), 255U);
    EXPECT_TRUE(is_utf8(cut));
    EXPECT_TRUE(is_utf8(clean_filename("x" + name)));
    EXPECT_LE(clean_filename("x" + name).size(), 255U);
}

}  // namespace
}  // namespace pixgate
