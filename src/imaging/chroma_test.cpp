#include "imaging/chroma.h"

#include <gtest/gtest.h>

#include "imaging/planes/lean.h"
#include "imaging/transform.h"
#include "imaging/vips_setup.h"
#include "tests/support/bytes.h"
#include "tests/support/pictures.h"

namespace pixgate::imaging {
namespace {

bool is_full(const std::string& jpeg) {
    EXPECT_TRUE(start_vips().has_value());
    JpegReader reader(test::as_bytes(jpeg), 1ULL << 30);
    JpegHead head;
    JpegLayout layout;
    EXPECT_TRUE(reader.read_head(head) && reader.start(1, layout)) << reader.error();
    return layout.chroma == kFullChroma;
}

TEST(Chroma, IsOfOneRuleWhicheverWayAPictureTakes) {
    for (const Format input : {Format::kJpeg, Format::kPng}) {
        const auto picture = test::make_scene(input, {.width_px = 320, .height_px = 280});
        for (const std::uint32_t width : {256U, 257U, 288U}) {
            for (const int asked : {80, 89, 90, 91}) {
                const auto quality = static_cast<std::uint8_t>(asked);
                TransformRequest request;
                request.transform.width_px = width;
                request.transform.quality = quality;
                const auto answer = transform_bytes(test::as_bytes(picture), request);
                ASSERT_EQ(answer.refusal, Refusal::kNone) << answer.detail;
                const auto height = answer.facts.height_px;
                EXPECT_EQ(is_full(answer.bytes), has_full_chroma(quality, width, height))
                    << name_of(input) << " " << width << " " << asked;
                EXPECT_EQ(is_full(answer.bytes), quality >= 90 || width <= 256);
            }
        }
    }
}

}  // namespace
}  // namespace pixgate::imaging
