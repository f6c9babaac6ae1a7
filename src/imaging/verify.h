// The checks of an upload, in order, on bytes in memory: sniff, type, header limits, decode.
#pragma once

#include "imaging/byte_reader.h"
#include "imaging/imaging.h"

namespace pixgate::imaging {

// With full_decode, start_vips() must have been called.
VerifyAnswer verify_bytes(Bytes data, const VerifyRequest& request);

// Sniff, type and header limits alone: what a transform asks of its input too.
VerifyAnswer verify_header(Bytes data, const VerifyRequest& request);

}  // namespace pixgate::imaging
