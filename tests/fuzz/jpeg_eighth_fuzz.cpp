// The reader of DC coefficients on any bytes: no crash, no read outside, limits hold, and what it
// decodes libjpeg reads too, with the same samples.
#include <cstdlib>
#include <vector>

#include "../support/jpeg_reference.h"
#include "imaging/jpeg/eighth.h"

using namespace pixgate::imaging;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Limits limits;
    limits.max_pixels = 1 << 20;
    limits.max_scans = 20;
    const auto picture = jpeg::decode_eighth(Bytes(data, size), limits);
    const bool is_decoded = picture.status == jpeg::EighthStatus::kDecoded;
    if ((picture.status == jpeg::EighthStatus::kRefused) == (picture.refusal == Refusal::kNone))
        std::abort();
    if (is_decoded != (picture.plane_count != 0)) std::abort();
    if (!is_decoded) return 0;
    if (std::uint64_t{picture.width_px} * picture.height_px > limits.max_pixels) std::abort();
    const auto reference = pixgate::test::read_by_libjpeg(data, size);
    if (!reference.is_read || reference.planes.size() != picture.plane_count) std::abort();
    const auto whole = jpeg::decode_eighth(Bytes(data, size), limits, jpeg::AcScans::kRead);
    if (whole.status == jpeg::EighthStatus::kDecoded && reference.is_damaged) std::abort();
    for (std::size_t i = 0; i < picture.plane_count; ++i) {
        const auto& ours = picture.planes[i];
        const auto& theirs = reference.planes[i];
        const bool is_same = ours.width_px == theirs.width_px &&
                             ours.height_px == theirs.height_px && ours.samples == theirs.samples;
        if (!is_same) std::abort();
    }
    return 0;
}
