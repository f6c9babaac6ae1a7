// Takes the place where a picture was taken out of it without touching a pixel: nothing is decoded,
// and every byte that does not say where stays as it is and where it is.
#pragma once

#include <optional>
#include <string>

#include "imaging/byte_reader.h"
#include "imaging/types.h"

namespace pixgate::imaging {

// The GPS directory of every EXIF block, with its values, and every GPS property of every XMP
// packet, also those of further pictures in the same file. `with_maker_notes`: the makers' own
// blocks too, which nobody can look into and some of which repeat the place.
//
// JPEG, GIF, WebP, HEIC, AVIF and TIFF keep their length: what goes becomes zeros or spaces. A
// PNG's text chunks that hide EXIF or XMP in compressed form go as a whole. Nothing when there was
// nothing to take out, or `format` is another one; so nothing for what this function gave back.
// Safe on any bytes. Videos that phones append to a picture are not looked into.
std::optional<std::string> strip_location(
    Bytes picture, Format format, bool with_maker_notes = false
);

}  // namespace pixgate::imaging
