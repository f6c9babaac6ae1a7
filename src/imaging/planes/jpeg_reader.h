// Decodes a JPEG to its planes, without leaving YCbCr, at its size or 1/2, 1/4 or 1/8 of it.
#pragma once

#include <string>
#include <vector>

#include "imaging/byte_reader.h"
#include "imaging/planes/planes.h"
#include "imaging/types.h"

namespace pixgate::imaging {

enum class JpegProfile : std::uint8_t { kNone, kSrgb, kOther };

struct JpegHead {
    Size size;               // as stored
    bool is_planar = false;  // YCbCr or grey, brightness sampled the finest: what this reader takes
    bool is_grey = false;
    Subsampling chroma;  // of a planar one, as stored
    JpegProfile profile = JpegProfile::kNone;
    std::vector<std::uint8_t> other_profile;  // that of a kOther, if it is whole
};

// Takes rows of one plane as they are decoded, from the top; each has Plane::kRoom bytes behind it.
class RowSink {
public:
    virtual ~RowSink() = default;
    // plane: 0 brightness, 1 and 2 colour.
    virtual void push(int plane, const std::uint8_t* row) = 0;
};

// What a decode at 1/shrink gives.
struct JpegLayout {
    Size y, colour;  // in samples; colour is 0 x 0 for grey
    Subsampling chroma;
    double width = 0, height = 0;  // as in Planes
};

// Says and refuses what libjpeg says and refuses through libvips: the end of the bytes before that
// of the picture is an error, damage in between a warning, of which there may be a hundred.
class JpegReader {
public:
    // `data` must outlive it. At most `max_memory_bytes` are taken for the coefficients of a
    // progressive picture, and at most `max_scans` are read, however many the header's reader saw.
    JpegReader(
        Bytes data, std::uint64_t max_memory_bytes, std::uint32_t max_scans = Limits{}.max_scans
    );
    ~JpegReader();
    JpegReader(const JpegReader&) = delete;
    JpegReader& operator=(const JpegReader&) = delete;

    bool read_head(JpegHead& head);
    // After read_head() said is_planar. shrink: 1, 2, 4 or 8.
    bool start(int shrink, JpegLayout& layout);
    // All rows of all planes. Only once.
    bool decode(RowSink& sink);
    // What was wrong, in libjpeg's words.
    std::string error() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Colour as finely as the decoder gives it, or half of it where it gives it in full or half across
// only.
enum class ChromaWanted : std::uint8_t { kAsDecoded, kHalf };

// All of it in memory. False: see reader.error().
bool decode_planes(JpegReader& reader, int shrink, ChromaWanted chroma, Planes& planes);

// Two rows of colour made one of half the width. `to` may not be `upper` or `lower`.
void halve_rows(
    const std::uint8_t* upper, const std::uint8_t* lower, std::uint32_t width, std::uint8_t* to
);

}  // namespace pixgate::imaging
