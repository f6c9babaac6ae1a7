// Reads a picture's header, and nothing but the header: no pixel is decoded, nothing is inflated
// and no memory is taken in proportion to what the header claims. Safe on any bytes.
#pragma once

#include "imaging/byte_reader.h"
#include "imaging/types.h"

namespace pixgate::imaging {

struct ProbeResult {
    Refusal refusal = Refusal::kNone;
    Facts facts;              // what was found before a refusal; sizes are upright
    const char* detail = "";  // for operators: which structure was wrong
};

// `format` is what sniff() said. Linear in the size of `data`.
ProbeResult probe(Bytes data, Format format, const Limits& limits);

// For a picture that was taken once, `facts` being what was found then: no more than those, save
// where the header names larger pictures beside them (TIFF, HEIF), for which `usual` stand, and for
// SVG, which is drawn as large as it is wanted.
Limits limits_for(const Facts& facts, const Limits& usual);

// The limits that a header can break, in one place; used again on what the decoder reports.
Refusal check_limits(
    const Limits& limits,
    std::uint64_t width_px,
    std::uint64_t height_px,
    std::uint64_t frames,
    std::uint64_t total_pixels
);

}  // namespace pixgate::imaging
