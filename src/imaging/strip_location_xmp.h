// GPS properties of XMP, blanked where they stand.
#pragma once

#include <span>

#include "imaging/byte_reader.h"

namespace pixgate::imaging {

// Properties whose names begin with GPS, whatever prefix the packet calls their schema by: spaces
// in XML's own places change no other meaning. True when there was one.
bool blank_gps_properties(std::span<std::uint8_t> packet);

// The same in every packet that can be found in these bytes.
bool strip_xmp_packets(std::span<std::uint8_t> bytes);

}  // namespace pixgate::imaging
