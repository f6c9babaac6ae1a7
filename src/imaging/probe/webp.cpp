#include "imaging/probe/formats.h"

namespace pixgate::imaging {
namespace {

enum CanvasFlag : std::uint8_t { kAnimation = 0x02, kAlpha = 0x10 };

struct Size {
    std::uint64_t width_px = 0, height_px = 0;
    bool has_alpha = false;
    bool ok = false;
};

// RFC 6386, 9.1: frame tag, start code, two 14-bit sizes.
Size read_vp8(Bytes payload) {
    Size size;
    ByteReader reader(payload, Endian::kLittle);
    const auto tag = reader.u24();
    const bool is_key_frame = (tag & 1) == 0;
    const bool has_start_code = is(reader.take(3), "\x9D\x01\x2A");
    size.width_px = reader.u16() & 0x3FFF;
    size.height_px = reader.u16() & 0x3FFF;
    size.ok = reader.ok() && is_key_frame && has_start_code;
    return size;
}

// WebP lossless bitstream, 3: signature, 14 + 14 bits, alpha, version.
Size read_vp8l(Bytes payload) {
    Size size;
    ByteReader reader(payload, Endian::kLittle);
    const auto signature = reader.u8();
    const auto bits = reader.u32();
    size.width_px = 1 + (bits & 0x3FFF);
    size.height_px = 1 + (bits >> 14 & 0x3FFF);
    size.has_alpha = (bits >> 28 & 1) != 0;
    size.ok = reader.ok() && signature == 0x2F && bits >> 29 == 0;
    return size;
}

struct State {
    bool has_canvas = false, is_animation = false, has_picture = false;
    std::uint64_t animation_frames = 0;
};

void read_canvas(Bytes payload, Header& header, State& state) {
    ByteReader reader(payload, Endian::kLittle);
    const auto flags = reader.u8();
    reader.skip(3);
    header.width_px = 1 + reader.u24();
    header.height_px = 1 + reader.u24();
    if (!reader.ok()) header.broken = "VP8X";
    state.has_canvas = true;
    state.is_animation = (flags & kAnimation) != 0;
    header.has_alpha = (flags & kAlpha) != 0;
}

void read_picture(const Size& size, Header& header, State& state) {
    if (!size.ok) header.broken = "frame header";
    if (state.has_canvas &&
        (size.width_px != header.width_px || size.height_px != header.height_px))
        header.broken = "canvas and picture differ";
    header.width_px = size.width_px;
    header.height_px = size.height_px;
    header.has_alpha |= size.has_alpha;
    state.has_picture = true;
}

void read_animation_frame(Bytes payload, Header& header, State& state) {
    ByteReader reader(payload, Endian::kLittle);
    const std::uint64_t left = std::uint64_t{reader.u24()} * 2;
    const std::uint64_t top = std::uint64_t{reader.u24()} * 2;
    const std::uint64_t width = std::uint64_t{reader.u24()} + 1;
    const std::uint64_t height = std::uint64_t{reader.u24()} + 1;
    if (!reader.ok() || left + width > header.width_px || top + height > header.height_px)
        header.broken = "frame outside the canvas";
    ++state.animation_frames;
}

void read_chunk(Bytes type, Bytes payload, bool is_first, Header& header, State& state) {
    if (is(type, "VP8X")) {
        if (!is_first) header.broken = "VP8X is not the first chunk";
        if (is_first) read_canvas(payload, header, state);
    } else if (is(type, "VP8 ") || is(type, "VP8L")) {
        if (state.is_animation || state.has_picture) return;
        read_picture(is(type, "VP8 ") ? read_vp8(payload) : read_vp8l(payload), header, state);
    } else if (is(type, "ANMF")) {
        if (state.is_animation) read_animation_frame(payload, header, state);
    } else if (is(type, "ICCP")) {
        header.profile_bytes = payload.size();
    } else if (is(type, "EXIF")) {
        header.orientation = read_exif_orientation(payload);
    }
}

}  // namespace

Header read_webp_header(Bytes data, const Limits& limits) {
    Header header;
    State state;
    ByteReader outer(data, Endian::kLittle);
    outer.skip(4);
    const std::uint64_t riff_bytes = outer.u32();
    if (riff_bytes < 4 || riff_bytes > outer.remaining()) {
        header.broken = "RIFF size";
        return header;
    }
    ByteReader reader(outer.take(riff_bytes), Endian::kLittle);
    reader.skip(4);
    bool is_first = true;
    while (header.broken == nullptr && reader.remaining() >= 8 &&
           state.animation_frames <= limits.max_frames) {
        const Bytes type = reader.take(4);
        const std::uint64_t bytes = reader.u32();
        const Bytes payload = reader.take(bytes);
        if (!reader.ok()) {
            header.broken = "chunk longer than the file";
            break;
        }
        if (bytes % 2 != 0 && reader.remaining() > 0) reader.skip(1);
        read_chunk(type, payload, is_first, header, state);
        is_first = false;
    }
    if (state.is_animation) header.frames = state.animation_frames;
    if (header.broken == nullptr && !state.has_picture && state.animation_frames == 0)
        header.broken = "no picture data";
    if (header.broken == nullptr && (header.width_px == 0 || header.height_px == 0))
        header.broken = "size";
    return header;
}

}  // namespace pixgate::imaging
