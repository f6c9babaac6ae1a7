// Makes another picture from one: upright, sRGB, 8 bits, no metadata, in the wanted size and
// format.
#pragma once

#include "imaging/byte_reader.h"
#include "imaging/imaging.h"

namespace pixgate::imaging {

// start_vips() must have been called, and check_request(request) be ok. Checks the input's header
// first.
TransformAnswer transform_bytes(Bytes data, const TransformRequest& request);

}  // namespace pixgate::imaging
