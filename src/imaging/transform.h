// Makes another picture from one: upright, sRGB, 8 bits, no metadata, in the wanted size and
// format.
#pragma once

#include "imaging/byte_reader.h"
#include "imaging/imaging.h"
#include "imaging/pixels.h"

namespace pixgate::imaging {

// start_vips() must have been called, and check_request(request) be ok. Checks the input's header
// first.
TransformAnswer transform_bytes(Bytes data, const TransformRequest& request);

// The same, with the watermark elsewhere than behind the picture.
TransformAnswer transform_marked(Bytes data, Bytes mark, const TransformRequest& request);

struct PixelsAnswer {
    Refusal refusal = Refusal::kNone;
    Pixels pixels;
    std::string detail;  // as in TransformAnswer
};
// What transform_bytes() would encode, of one frame; `facts` are those of a header that was found
// good. Decodes to the end of the data, whatever the transform leaves of it: refused where the
// decoder finds anything broken.
PixelsAnswer pixels_of(Bytes data, const Facts& facts, const TransformRequest& request);

// The same from what is decoded already. Where that is smaller than the original,
// request.original_* say so.
TransformAnswer transform_pixels(
    const Pixels& pixels, const TransformRequest& request, Bytes mark = {}
);

// From the colours of this ICC profile; left as they are where it is broken or not for RGB.
void convert_to_srgb(Pixels& pixels, Bytes profile);

}  // namespace pixgate::imaging
