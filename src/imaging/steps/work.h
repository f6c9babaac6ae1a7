// What the steps of a transform hand on to each other. Only src/imaging/transform.cpp puts steps in
// order; each of them leaves alone what it was not asked for.
#pragma once

#include <functional>
#include <optional>
#include <vector>
#include <vips/vips8>

#include "imaging/encode.h"
#include "imaging/geometry.h"

namespace pixgate::imaging {

struct Work {
    Bytes data;  // as the decoder shall see it
    Bytes mark;  // the watermark, encoded; may be empty
    const TransformRequest& request;
    Facts source;
    std::uint8_t orientation = 1;  // EXIF's, and the one asked for
    Plan plan{};                   // lies as the result does
    Plan stored{};                 // the same plan as it lies in the stored picture
    vips::VImage opened{};  // kept to the end: the HEIF loader of libvips 8.14 frees the profile
                            // with it
    vips::VImage image{};
    VipsBandFormat format = VIPS_FORMAT_UCHAR;  // before alpha was multiplied in
    std::optional<vips::VImage> mark_image{};   // ready to be laid on
    std::vector<std::uint8_t> profile{};        // of the output; empty: sRGB, unsaid
    std::uint32_t frames = 1;                   // that are kept
    std::uint32_t frame = 0;                    // the one in `image`; the first decides for all
    Refusal refusal = Refusal::kNone;           // set: no further step
    const Transform& asked() const { return request.transform; }
};

using Step = void (*)(Work&);

// `change` on the colours alone; alpha comes through as it was.
vips::VImage on_colours(
    const vips::VImage& image, const std::function<vips::VImage(const vips::VImage&)>& change
);

}  // namespace pixgate::imaging
