// First contact with a picture: is it good, what is it, and everything that is made of it, from
// bytes in memory.
#pragma once

#include "imaging/byte_reader.h"
#include "imaging/imaging.h"

namespace pixgate::imaging {

// start_vips() must have been called, and check_prepare(request) be ok. The last request.mark_bytes
// bytes are the watermark. Refused exactly where verify_bytes() refuses, and as kProductsTooLarge
// where the products are more than
// request.max_output_bytes together.
PrepareAnswer prepare_bytes(Bytes data, const PrepareRequest& request);

// kInvalidArgument: more than kMaxProducts, or a product that check_request() refuses.
Result<void> check_prepare(const PrepareRequest& request);

}  // namespace pixgate::imaging
