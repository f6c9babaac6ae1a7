#include <algorithm>

#include "imaging/probe/formats.h"

namespace pixgate::imaging {
namespace {

constexpr std::uint8_t kExtension = 0x21, kImage = 0x2C;
constexpr std::uint8_t kGraphicControl = 0xF9;

void skip_colour_table(ByteReader& reader, std::uint8_t flags) {
    if ((flags & 0x80) != 0) reader.skip(std::uint64_t{3} << ((flags & 7) + 1));
}

// Sub-blocks up to the empty one.
void skip_sub_blocks(ByteReader& reader) {
    while (reader.ok()) {
        const auto bytes = reader.u8();
        if (bytes == 0) return;
        reader.skip(bytes);
    }
}

void read_extension(ByteReader& reader, Bytes data, Header& header) {
    if (reader.u8() == kGraphicControl && reader.remaining() >= 2) {
        header.has_alpha |= (data[reader.position() + 1] & 1) != 0;
    }
    skip_sub_blocks(reader);
}

// A frame may stick out of the declared screen; decoders then make the canvas larger.
void read_frame(ByteReader& reader, Header& header) {
    const std::uint64_t left = reader.u16(), top = reader.u16();
    const std::uint64_t width = reader.u16(), height = reader.u16();
    const auto flags = reader.u8();
    skip_colour_table(reader, flags);
    reader.skip(1);  // LZW minimum code size
    if (!reader.ok()) return;
    ++header.frames;
    header.width_px = std::max(header.width_px, left + width);
    header.height_px = std::max(header.height_px, top + height);
    skip_sub_blocks(reader);
}

}  // namespace

Header read_gif_header(Bytes data, const Limits& limits) {
    Header header;
    header.frames = 0;
    ByteReader reader(data, Endian::kLittle);
    reader.skip(6);
    header.width_px = reader.u16();
    header.height_px = reader.u16();
    const auto flags = reader.u8();
    reader.skip(2);
    skip_colour_table(reader, flags);
    while (reader.ok() && reader.remaining() > 0 && header.frames <= limits.max_frames) {
        const auto block = reader.u8();
        if (block == kExtension) {
            read_extension(reader, data, header);
        } else if (block == kImage) {
            read_frame(reader, header);
        } else {
            break;  // the trailer, or bytes that belong to no block
        }
    }
    if (header.frames == 0) header.broken = "no frame";
    if (header.width_px == 0 || header.height_px == 0) header.broken = "size";
    return header;
}

}  // namespace pixgate::imaging
