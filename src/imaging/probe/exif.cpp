#include <algorithm>

#include "imaging/probe/formats.h"

namespace pixgate::imaging {
namespace {

constexpr std::uint16_t kTagOrientation = 0x0112;
constexpr std::uint16_t kTypeShort = 3;
constexpr std::size_t kEntryBytes = 12;

}  // namespace

std::uint8_t read_exif_orientation(Bytes exif) {
    using namespace std::string_view_literals;
    if (starts_with(exif, "Exif\0\0"sv)) exif = exif.subspan(6);
    const bool is_little = starts_with(exif, "II*\0"sv);
    if (!is_little && !starts_with(exif, "MM\0*"sv)) return 1;
    const Endian endian = is_little ? Endian::kLittle : Endian::kBig;

    ByteReader reader(exif, endian);
    reader.skip(4);
    reader.seek(reader.u32());
    const std::size_t entries = reader.u16();  // at most 65,535, and no more than there are bytes
    for (std::size_t i = 0; i < entries && reader.ok(); ++i) {
        ByteReader entry(reader.take(kEntryBytes), endian);
        const auto tag = entry.u16();
        const auto type = entry.u16();
        const auto count = entry.u32();
        const auto value = entry.u16();
        if (!entry.ok() || tag != kTagOrientation) continue;
        if (type != kTypeShort || count != 1 || value < 1 || value > 8) return 1;
        return static_cast<std::uint8_t>(value);
    }
    return 1;
}

}  // namespace pixgate::imaging
