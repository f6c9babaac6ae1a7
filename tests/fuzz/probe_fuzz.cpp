// Sniff and header readers on any bytes: no crash, no read outside, and the limits hold.
#include <cstdlib>

#include "imaging/probe.h"
#include "imaging/probe/formats.h"
#include "imaging/sniff.h"

using namespace pixgate::imaging;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes(data, size);
    Limits limits;
    limits.max_frames = 200;
    const Format format = sniff(bytes);
    const ProbeResult result = probe(bytes, format, limits);
    if (result.refusal == Refusal::kNone) {
        const Facts& facts = result.facts;
        const bool holds = facts.width_px > 0 && facts.height_px > 0 && facts.frames > 0 &&
                           std::uint64_t{facts.width_px} * facts.height_px <= limits.max_pixels &&
                           facts.frames <= limits.max_frames && facts.orientation >= 1 &&
                           facts.orientation <= 8;
        if (!holds) std::abort();
    }
    if (const auto orientation = read_exif_orientation(bytes); orientation < 1 || orientation > 8)
        std::abort();
    if (const auto cleaned = png_without_extras(bytes); cleaned && cleaned->size() >= size)
        std::abort();
    return 0;
}
