// A JPEG at an eighth of its size, one sample for each block of 8 x 8, straight from the DC
// coefficients: those of every scan are read, and AC coefficients are only stepped over (baseline)
// or not looked at (progressive). libjpeg's own decoding at 1/8 spends nearly all of its time on AC
// symbols that it then throws away.
//
// Who calls it: what makes small pictures from large originals, and whoever wants to know whether
// the entropy-coded data of a JPEG is whole. Safe on any bytes; a stranger's belong in the sandbox
// like every other decoding.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "imaging/byte_reader.h"
#include "imaging/types.h"

namespace pixgate::imaging::jpeg {

enum class EighthStatus : std::uint8_t {
    kDecoded,
    // Nothing is said of the picture: libjpeg has to decide. Arithmetic coding, lossless, 12 bits,
    // two or four components, RGB, chroma that is not 1/1, 1/2 or 1/4 of luma, DNL, Huffman tables
    // left out.
    kNotSupported,
    // Over a limit or broken. Broken is at least what libjpeg calls an error, and also what it
    // merely warns of and paints grey: codes that no table has, data that ends early, a missing
    // EOI. Who must accept whatever libjpeg accepts asks libjpeg again after kBroken.
    kRefused,
};

struct EighthPlane {
    std::vector<std::uint8_t> samples;  // stride * height_px, row by row
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t stride = 0;  // bytes from row to row; equal to width_px
};

struct EighthPicture {
    EighthStatus status = EighthStatus::kRefused;
    Refusal refusal = Refusal::kNone;  // kRefused: kBroken, kSideTooLong, kTooMany…
    const char* detail = "";           // for operators: which structure it was
    std::uint32_t width_px = 0;        // of the picture as it is stored, before EXIF's orientation
    std::uint32_t height_px = 0;
    bool is_progressive = false;
    std::uint32_t plane_count = 0;  // 1: grey; 3: Y, Cb, Cr as in JFIF
    // Each in its component's own resolution: for 4:2:0 chroma is half of luma in both directions.
    // A component of w x h samples gives ceil(w / 8) x ceil(h / 8). The samples are those of
    // libjpeg's 1x1 inverse DCT without block smoothing.
    std::array<EighthPlane, 3> planes;
};

// What happens to the AC scans of a progressive picture. The samples are the same.
enum class AcScans : std::uint8_t {
    kPassOver,  // damage inside of them is not noticed
    // Every code is read, which notices whatever libjpeg warns of, but takes 8 bytes for each block
    // and several times as long. A sequential picture is always read as a whole.
    kRead,
};

// Looks at limits.max_side_px, max_pixels and max_scans before anything is allocated, and takes
// memory of about 1/7 byte for each pixel, and 3/8 more to read AC scans. Linear in the size of
// the data and of the picture. `data` is one JPEG; what follows its EOI is ignored.
EighthPicture decode_eighth(
    Bytes data, const Limits& limits, AcScans ac_scans = AcScans::kPassOver
);

}  // namespace pixgate::imaging::jpeg
