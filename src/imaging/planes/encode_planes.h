// Writes planes as JPEG or WebP, without metadata.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "imaging/planes/planes.h"

namespace pixgate::imaging {

enum class JpegStyle : std::uint8_t {
    kProgressive,  // small, and seen early: for people
    kPlain,        // quick to write and to read again: for renditions
};

// Both may write into the room beside the rows. nullopt: the encoder gave up, for want of memory.
// `planes` without alpha; colour is in full, or half across and down, or absent.
std::optional<std::string> encode_jpeg(Planes& planes, std::uint8_t quality, JpegStyle style);
// Colour half across and down, or absent. Changes the values to the range that WebP has. Alpha is
// not multiplied into the others here. At most 16,383 samples a side. effort: 0 to 6.
std::optional<std::string> encode_webp(Planes& planes, std::uint8_t quality, std::uint8_t effort);

}  // namespace pixgate::imaging
