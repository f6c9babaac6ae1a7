#include <algorithm>
#include <array>

#include "imaging/probe/formats.h"

namespace pixgate::imaging {
namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::uint32_t kMaxNumber = 0x7FFFFFFF;  // PNG specification, 7.1

constexpr auto kCrcTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t n = 0; n < 256; ++n) {
        std::uint32_t c = n;
        for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
        table[n] = c;
    }
    return table;
}();

bool is_legal_depth(std::uint8_t colour, std::uint8_t depth_bits) {
    switch (colour) {
        case 0:
            return depth_bits == 1 || depth_bits == 2 || depth_bits == 4 || depth_bits == 8 ||
                   depth_bits == 16;
        case 3:
            return depth_bits == 1 || depth_bits == 2 || depth_bits == 4 || depth_bits == 8;
        case 2:
        case 4:
        case 6:
            return depth_bits == 8 || depth_bits == 16;
        default:
            return false;
    }
}

struct Seen {
    std::uint8_t colour = 0;
    bool ihdr = false, palette = false, pixels = false, end = false;
    std::uint64_t frame_controls = 0;
};

void read_ihdr(Bytes payload, Header& header, Seen& seen) {
    ByteReader reader(payload);
    header.width_px = reader.u32();
    header.height_px = reader.u32();
    const auto depth_bits = reader.u8();
    seen.colour = reader.u8();
    const auto compression = reader.u8(), filter = reader.u8(), interlace = reader.u8();
    seen.ihdr = true;
    header.has_alpha = seen.colour == 4 || seen.colour == 6;
    if (!reader.ok() || payload.size() != 13 || compression != 0 || filter != 0 || interlace > 1 ||
        !is_legal_depth(seen.colour, depth_bits))
        header.broken = "IHDR";
    if (header.width_px == 0 || header.height_px == 0 || header.width_px > kMaxNumber ||
        header.height_px > kMaxNumber)
        header.broken = "size";
}

void read_chunk(Bytes type, Bytes payload, Header& header, Seen& seen) {
    if (is(type, "iCCP")) header.profile_bytes = payload.size();
    if (!is(type, "IDAT") && !is(type, "fdAT"))
        header.largest_chunk_bytes =
            std::max<std::uint64_t>(header.largest_chunk_bytes, payload.size());
    if (is(type, "IHDR")) {
        header.broken = "second IHDR";
    } else if (is(type, "PLTE")) {
        seen.palette = true;
    } else if (is(type, "tRNS")) {
        header.has_alpha = true;
    } else if (is(type, "IDAT")) {
        if (seen.colour == 3 && !seen.palette) header.broken = "no palette";
        seen.pixels = true;
    } else if (is(type, "acTL")) {
        header.frames = std::max<std::uint64_t>(1, ByteReader(payload).u32());
    } else if (is(type, "fcTL")) {
        ++seen.frame_controls;
    } else if (is(type, "eXIf")) {
        header.orientation = read_exif_orientation(payload);
    } else if (is(type, "IEND")) {
        seen.end = true;
    }
}

}  // namespace

std::uint32_t png_crc32(Bytes data) {
    std::uint32_t c = 0xFFFFFFFFU;
    for (const auto byte : data) c = kCrcTable[(c ^ byte) & 0xFF] ^ (c >> 8);
    return c ^ 0xFFFFFFFFU;
}

Header read_png_header(Bytes data, const Limits&) {
    Header header;
    Seen seen;
    ByteReader reader(data);
    reader.skip(kSignatureBytes);
    while (header.broken == nullptr && !seen.end && reader.remaining() > 0) {
        const std::uint32_t bytes = reader.u32();
        const std::size_t start = reader.position();
        const Bytes type = reader.take(4);
        const Bytes payload = reader.take(bytes);
        const std::uint32_t crc = reader.u32();
        if (!reader.ok() || bytes > kMaxNumber) {
            header.broken = "chunk longer than the file";
        } else if (!seen.ihdr) {
            if (!is(type, "IHDR") || crc != png_crc32(data.subspan(start, 4 + payload.size())))
                header.broken = "IHDR";
            else
                read_ihdr(payload, header, seen);
        } else {
            read_chunk(type, payload, header, seen);
        }
    }
    if (header.broken == nullptr && !seen.pixels) header.broken = "no picture data";
    header.frames = std::max(header.frames, seen.frame_controls);
    return header;
}

std::optional<std::vector<std::uint8_t>> png_without_extras(Bytes data) {
    using namespace std::string_view_literals;
    constexpr std::array kKept{"IHDR"sv, "PLTE"sv, "IDAT"sv, "IEND"sv, "tRNS"sv,
                               "gAMA"sv, "cHRM"sv, "sRGB"sv, "iCCP"sv, "pHYs"sv};
    std::vector<std::uint8_t> out;
    bool has_extras = false;
    std::size_t kept_from = 0;
    const auto keep_until = [&](std::size_t end) {
        const Bytes kept = data.subspan(kept_from, end - kept_from);
        out.insert(out.end(), kept.begin(), kept.end());
    };
    ByteReader reader(data);
    reader.skip(kSignatureBytes);
    // What does not parse goes on as it is: the decoder shall see the damage.
    std::size_t end = data.size();
    for (bool is_last = false; !is_last && reader.remaining() > 0;) {
        const std::size_t start = reader.position();
        const std::uint32_t bytes = reader.u32();
        const Bytes type = reader.take(4);
        reader.skip(std::uint64_t{bytes} + 4);
        if (!reader.ok()) break;
        if (std::ranges::none_of(kKept, [&](auto name) { return is(type, name); })) {
            if (!has_extras) out.reserve(data.size());
            has_extras = true;
            keep_until(start);
            kept_from = reader.position();
        }
        is_last = is(type, "IEND");
        if (is_last) end = reader.position();
    }
    if (!has_extras) return std::nullopt;
    keep_until(end);
    return out;
}

}  // namespace pixgate::imaging
