// One header reader per format. Each fills in a Header with what the bytes declare; probe.cpp
// checks the limits and turns sizes upright.
#pragma once

#include <optional>
#include <vector>

#include "imaging/byte_reader.h"
#include "imaging/types.h"

namespace pixgate::imaging {

struct Header {
    std::uint64_t width_px = 0;  // as the decoder gives it
    std::uint64_t height_px = 0;
    std::uint64_t frames = 1;
    std::uint64_t total_pixels = 0;         // of all frames; 0: frames x width x height
    std::uint64_t largest_pixels = 0;       // of any picture in the file; 0: width x height
    std::uint32_t scans = 0;                // JPEG
    std::uint64_t profile_bytes = 0;        // ICC, as it is stored
    std::uint64_t largest_chunk_bytes = 0;  // PNG: of those that hold no pixels
    std::uint8_t orientation = 1;           // EXIF 1 to 8
    bool has_alpha = false;
    std::optional<Format> format;    // more exact than the magic bytes said
    bool is_refused_kind = false;    // a kind inside the format that is never accepted (RAW)
    bool is_refused_coding = false;  // compressed in a way that is never decoded here (TIFF)
    const char* broken = nullptr;    // which structure is wrong; null when it is whole
};

// Counting stops soon after a limit is broken, so `limits` bounds the work too.
Header read_jpeg_header(Bytes data, const Limits& limits);
Header read_png_header(Bytes data, const Limits& limits);
Header read_gif_header(Bytes data, const Limits& limits);
Header read_webp_header(Bytes data, const Limits& limits);
Header read_heif_header(Bytes data, const Limits& limits);
Header read_tiff_header(Bytes data, const Limits& limits);
Header read_bmp_header(Bytes data, const Limits& limits);
Header read_svg_header(Bytes data, const Limits& limits);

// The orientation in an EXIF block (a TIFF structure, with or without "Exif\0\0" before it): 1 to
// 8, or 1 when there is none or the block is damaged. Reads the first directory only, so no pointer
// can lead it in a circle.
std::uint8_t read_exif_orientation(Bytes exif);

// PNG specification, annex D: over a chunk's type and payload.
std::uint32_t png_crc32(Bytes data);

// A PNG without the chunks that no decoder needs for its pixels: text and profiles that inflate to
// hundreds of megabytes, EXIF, time. Nothing when there are none. Colour profile and density stay.
std::optional<std::vector<std::uint8_t>> png_without_extras(Bytes data);

}  // namespace pixgate::imaging
