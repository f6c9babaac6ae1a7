// Which items a HEIF file has, and where the bytes of those lie that are no coded pictures.
#pragma once

#include <string_view>
#include <vector>

#include "imaging/byte_reader.h"

namespace pixgate::imaging {

struct Piece {
    std::size_t at = 0;  // in the file
    std::size_t bytes = 0;
};

struct HeifItem {
    std::uint64_t id = 0;
    std::string_view type;      // "Exif", "mime", "grid", "iovl"
    std::vector<Piece> pieces;  // all inside the file; empty where they cannot be found
};

// Items of these four types, by the first meta box's `iinf` and `iloc` (ISO/IEC 14496-12, 8.11).
// Bounded in number, safe on any bytes; what is damaged is left out.
std::vector<HeifItem> heif_items(Bytes file);

// The first bytes of an item, at most so many.
std::vector<std::uint8_t> bytes_of(const HeifItem& item, Bytes file, std::size_t most);

}  // namespace pixgate::imaging
