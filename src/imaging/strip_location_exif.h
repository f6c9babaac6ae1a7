// One EXIF block or TIFF file, edited where it lies.
#pragma once

#include <span>

#include "imaging/byte_reader.h"

namespace pixgate::imaging {

// True of what TIFF and BigTIFF begin with.
bool is_tiff(Bytes block);

// Takes out every GPS directory with its values, and with_maker_notes the makers' own blocks.
// `block` begins as is_tiff() says. One pass: what it uncovers is for the next. True when something
// was changed.
bool strip_exif(std::span<std::uint8_t> block, bool with_maker_notes);

}  // namespace pixgate::imaging
