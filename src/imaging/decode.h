// libvips loaders, each called by name for the format that was sniffed: nothing guesses here.
#pragma once

#include <optional>
#include <string>
#include <vector>
#include <vips/vips8>

#include "imaging/byte_reader.h"
#include "imaging/types.h"

namespace pixgate::imaging {

struct LoadOptions {
    int page = 0;
    int pages = 1;       // -1: all, one above the other
    int shrink = 1;      // JPEG: 1, 2, 4 or 8
    double scale = 1.0;  // WebP: up to 1; SVG: any
};

// The bytes as they go to the decoder: without what it would only waste time and memory on. Must
// outlive the pictures opened from it.
class DecoderInput {
public:
    DecoderInput(Bytes data, Format format);
    Bytes bytes() const { return cleaned_ ? Bytes(*cleaned_) : data_; }

private:
    Bytes data_;
    std::optional<std::vector<std::uint8_t>> cleaned_;
};

// The picture, opened but not yet decoded; errors appear when pixels are asked for. `data` must
// outlive it. Throws vips::VError.
vips::VImage open_picture(Bytes data, Format format, const LoadOptions& options);

struct DecodeOutcome {
    Refusal refusal = Refusal::kNone;
    std::string detail;
};

// Decodes every pixel of every frame and keeps none. `facts` are the probe's.
DecodeOutcome decode_fully(Bytes data, const Facts& facts, const Limits& limits);

}  // namespace pixgate::imaging
