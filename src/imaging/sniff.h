// What a file is, by its first bytes; never by its name or by what the sender says.
#pragma once

#include "imaging/byte_reader.h"
#include "imaging/types.h"

namespace pixgate::imaging {

inline constexpr std::size_t kSniffBytes = 4096;  // no more are looked at

// kUnknown: no image format. kOther: an image format that has no value of its own here (PSD, ICO,
// PPM, …), or an AVIF or HEIC sequence: always refused.
Format sniff(Bytes data);

}  // namespace pixgate::imaging
