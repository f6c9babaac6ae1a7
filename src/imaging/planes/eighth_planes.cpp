#include "imaging/planes/eighth_planes.h"

namespace pixgate::imaging {
namespace {

Plane copied(const jpeg::EighthPlane& from) {
    Plane to(from.width_px, from.height_px);
    for (std::size_t y = 0; y < from.height_px; ++y)
        std::memcpy(to.row(y), from.samples.data() + y * from.stride, from.width_px);
    return to;
}

}  // namespace

bool eighth_is_enough(const JpegHead& head, const Rendering& how) {
    if (head.is_grey) return true;
    const auto is_enough = [](std::uint32_t crop, unsigned stored, std::uint32_t made,
                              unsigned wanted) {
        return std::uint64_t{crop} * wanted * 5 >= std::uint64_t{made} * stored * 8 * 4;
    };
    return is_enough(
               how.crop.size.width_px, head.chroma.across, how.resized.width_px, how.chroma.across
           ) &&
           is_enough(
               how.crop.size.height_px, head.chroma.down, how.resized.height_px, how.chroma.down
           );
}

std::optional<Planes> decode_eighth_planes(
    Bytes data, const JpegHead& head, const Limits& limits, jpeg::AcScans ac_scans
) {
    const auto picture = jpeg::decode_eighth(data, limits, ac_scans);
    if (picture.status != jpeg::EighthStatus::kDecoded ||
        Size{picture.width_px, picture.height_px} != head.size ||
        (picture.plane_count == 1) != head.is_grey)
        return std::nullopt;
    Planes out;
    out.width = head.size.width_px / 8.0;
    out.height = head.size.height_px / 8.0;
    out.y = copied(picture.planes[0]);
    if (head.is_grey) return out;
    out.chroma = head.chroma;
    out.cb = copied(picture.planes[1]);
    out.cr = copied(picture.planes[2]);
    return out;
}

}  // namespace pixgate::imaging
