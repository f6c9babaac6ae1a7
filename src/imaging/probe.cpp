#include "imaging/probe.h"

#include <algorithm>
#include <utility>

#include "imaging/imaging.h"
#include "imaging/probe/formats.h"

namespace pixgate::imaging {
namespace {

Header read_header(Bytes data, Format format, const Limits& limits) {
    switch (format) {
        case Format::kJpeg:
            return read_jpeg_header(data, limits);
        case Format::kPng:
            return read_png_header(data, limits);
        case Format::kGif:
            return read_gif_header(data, limits);
        case Format::kWebp:
            return read_webp_header(data, limits);
        case Format::kAvif:
        case Format::kHeic:
            return read_heif_header(data, limits);
        case Format::kTiff:
            return read_tiff_header(data, limits);
        case Format::kBmp:
            return read_bmp_header(data, limits);
        case Format::kSvg:
            return read_svg_header(data, limits);
        default:
            break;
    }
    Header none;
    none.is_refused_kind = true;
    return none;
}

std::uint64_t saturated_product(std::uint64_t a, std::uint64_t b) {
    std::uint64_t out = 0;
    return __builtin_mul_overflow(a, b, &out) ? UINT64_MAX : out;
}

std::uint32_t clamped(std::uint64_t value) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, UINT32_MAX));
}

Facts facts_of(const Header& header, Format format) {
    Facts facts;
    facts.format = header.format.value_or(format);
    facts.width_px = clamped(header.width_px);
    facts.height_px = clamped(header.height_px);
    facts.frames = clamped(header.frames);
    facts.orientation = header.orientation;
    facts.has_alpha = header.has_alpha;
    // Orientations 5 to 8 lay the picture on its side.
    if (header.orientation >= 5) std::swap(facts.width_px, facts.height_px);
    return facts;
}

}  // namespace

Limits limits_for(const Facts& facts, const Limits& usual) {
    Limits limits = usual;
    limits.max_pixels = saturated_product(facts.width_px, facts.height_px);
    limits.max_side_px = std::max(facts.width_px, facts.height_px);
    limits.max_frames = facts.frames;
    limits.max_total_pixels = saturated_product(limits.max_pixels, facts.frames);
    constexpr FormatSet kWithOthers{Format::kTiff, Format::kHeic, Format::kAvif};
    if (kWithOthers.contains(facts.format)) {
        limits.max_pixels = std::max(limits.max_pixels, usual.max_pixels);
        limits.max_side_px = std::max(limits.max_side_px, usual.max_side_px);
        limits.max_frames = std::max(limits.max_frames, usual.max_frames);
    } else if (facts.format == Format::kSvg) {
        limits.max_pixels = std::max(limits.max_pixels, TransformRequest{}.max_output_pixels);
        limits.max_side_px = std::max(limits.max_side_px, kMaxOutputSidePx);
    } else {
        return limits;
    }
    limits.max_total_pixels =
        std::max({limits.max_total_pixels, limits.max_pixels, usual.max_total_pixels});
    return limits;
}

Refusal check_limits(
    const Limits& limits,
    std::uint64_t width_px,
    std::uint64_t height_px,
    std::uint64_t frames,
    std::uint64_t total_pixels
) {
    if (saturated_product(width_px, height_px) > limits.max_pixels) return Refusal::kTooManyPixels;
    if (std::max(width_px, height_px) > limits.max_side_px) return Refusal::kSideTooLong;
    if (frames > limits.max_frames || total_pixels > limits.max_total_pixels)
        return Refusal::kTooManyFrames;
    return Refusal::kNone;
}

ProbeResult probe(Bytes data, Format format, const Limits& limits) {
    ProbeResult result;
    const Header header = read_header(data, format, limits);
    result.facts = facts_of(header, format);
    if (header.is_refused_kind) {
        result.refusal = Refusal::kTypeNotAllowed;
        return result;
    }
    // A size over the limit is said even where the rest is damaged: it is what the sender can mend.
    const std::uint64_t total =
        header.total_pixels != 0
            ? header.total_pixels
            : saturated_product(
                  saturated_product(header.width_px, header.height_px), header.frames
              );
    result.refusal = check_limits(limits, header.width_px, header.height_px, header.frames, total);
    if (result.refusal == Refusal::kNone && header.largest_pixels > limits.max_pixels)
        result.refusal = Refusal::kTooManyPixels;
    if (result.refusal != Refusal::kNone) return result;
    if (header.is_refused_coding) {
        result.refusal = Refusal::kCodingNotAllowed;
    } else if (header.scans > limits.max_scans) {
        result.refusal = Refusal::kTooManyScans;
    } else if (header.profile_bytes > limits.max_profile_bytes) {
        result.refusal = Refusal::kProfileTooLarge;
    } else if (header.largest_chunk_bytes > limits.max_chunk_bytes) {
        result.refusal = Refusal::kChunkTooLarge;
    } else if (header.broken != nullptr) {
        result.refusal = Refusal::kBroken;
        result.detail = header.broken;
    }
    return result;
}

}  // namespace pixgate::imaging
