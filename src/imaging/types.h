// What imaging says about bytes: formats, facts, limits, verdicts. Plain types; no libvips in here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pixgate::imaging {

enum class Format : std::uint8_t {
    kUnknown,
    kJpeg,
    kPng,
    kGif,
    kWebp,
    kAvif,
    kHeic,
    kTiff,
    kBmp,
    kSvg,
    kJxl,
    kJp2,
    kPdf,
    kOther
};

std::string_view content_type_of(Format format
);  // "image/jpeg"; "application/octet-stream" for unknown
Format format_of_content_type(std::string_view type
);                                        // also image/jpg, image/heif; kUnknown for others
std::string_view name_of(Format format);  // "jpeg"

// Bounds checked before memory is taken. The defaults are the product's.
struct Limits {
    std::uint64_t max_bytes = 25ULL << 20;
    std::uint64_t max_pixels = 50'000'000;  // of one frame
    std::uint32_t max_side_px = 16'384;
    std::uint32_t max_frames = 1'500;
    std::uint64_t max_total_pixels = 200'000'000;  // frames x frame
    std::uint32_t max_scans = 100;                 // progressive JPEG
    std::uint32_t max_wall_ms = 10'000;
    std::uint64_t max_memory_bytes = 1ULL << 30;
    std::uint64_t max_chunk_bytes = 8ULL << 20;    // of a PNG, that holds no pixels
    std::uint64_t max_profile_bytes = 4ULL << 20;  // ICC, as stored and inflated
};

struct Facts {
    Format format = Format::kUnknown;
    std::uint32_t width_px = 0;  // upright: after the EXIF orientation or irot/imir
    std::uint32_t height_px = 0;
    std::uint32_t frames = 1;
    std::uint8_t orientation = 1;  // EXIF 1..8 as stored (1 for HEIF/AVIF, whose decoders turn)
    bool has_alpha = false;
};

// Why a picture is refused. Stable codes: they reach clients as the image's `reason`.
enum class Refusal : std::uint8_t {
    kNone,
    kEmpty,
    kNotAnImage,
    kTypeNotAllowed,
    kTypeMismatch,
    kTooManyBytes,
    kTooManyPixels,
    kSideTooLong,
    kTooManyFrames,
    kTooManyScans,
    kBroken,
    kCropOutside,
    kOutputTooLarge,
    kChunkTooLarge,
    kProfileTooLarge,
    kCodingNotAllowed,
    kProductsTooLarge,
};
inline constexpr Format kLastFormat = Format::kOther;
inline constexpr Refusal kLastRefusal = Refusal::kProductsTooLarge;

std::string_view code_of(Refusal refusal);      // "too_many_pixels"
std::string_view sentence_of(Refusal refusal);  // "The picture has more pixels than are allowed."

}  // namespace pixgate::imaging
