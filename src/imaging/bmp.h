// Windows bitmaps. libvips has no reader of its own for them, so this one is: uncompressed with 1,
// 4, 8, 16, 24 or 32 bits, bit fields, and run lengths of 8 bits. Everything else is refused, and
// so is every index, mask or length that does not fit. Source: Microsoft's BITMAPFILEHEADER,
// BITMAPINFOHEADER, BITMAPV4HEADER and BITMAPV5HEADER.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "imaging/byte_reader.h"

namespace pixgate::imaging {

struct BmpHeader {
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    bool is_top_down = false;
    bool is_run_length = false;
    bool has_alpha = false;
    std::uint16_t bits = 0;                // for each pixel
    std::array<std::uint32_t, 4> masks{};  // red, green, blue, alpha; of 16 and 32 bits
    std::size_t palette_at = 0, palette_entry_bytes = 4, palette_entries = 0;
    std::size_t pixels_at = 0;
    const char* broken = nullptr;  // which part is wrong; null when all is well
};

BmpHeader read_bmp(Bytes data);

struct BmpPicture {
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t bands = 3;  // RGB or RGBA, a byte each, rows from the top
    std::vector<std::uint8_t> pixels;
};

// Takes width x height x bands bytes of memory: check the header's size first. Nothing when the
// bytes are not what the header promises.
std::optional<BmpPicture> decode_bmp(Bytes data);

}  // namespace pixgate::imaging
