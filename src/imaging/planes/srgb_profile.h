// Whether a colour profile says no more than "sRGB", so that nothing has to be converted.
#pragma once

#include "imaging/byte_reader.h"

namespace pixgate::imaging {

// A matrix and curves close to those of sRGB (IEC 61966-2-1), by ICC.1:2010. False for broken
// profiles, look-up tables, and anything else that it does not read.
bool is_srgb_profile(Bytes profile);

}  // namespace pixgate::imaging
