#include <algorithm>
#include <array>
#include <unordered_set>

#include "imaging/probe/formats.h"

namespace pixgate::imaging {
namespace {

enum Tag : std::uint16_t {
    kNewSubfileType = 254,
    kImageWidth = 256,
    kImageLength = 257,
    kCompression = 259,
    kPhotometric = 262,
    kOrientation = 274,
    kTileWidth = 322,
    kTileLength = 323,
    kSubIfds = 330,
    kExtraSamples = 338,
    kIccProfile = 34675,
    kDngVersion = 50706,
};
// None, CCITT, LZW, JPEG, both kinds of deflate and PackBits. What libtiff has beside these (LERC,
// JBIG, LZMA, Zstandard, WebP, old JPEG), and libvips (JPEG 2000), is no decoder of ours.
constexpr auto kCodings = std::to_array<std::uint64_t>({1, 2, 3, 4, 5, 7, 8, 32'773, 32'946});
// Where one of these is said twice the decoder believes the first; no writer does it.
constexpr auto kSaidOnce = std::to_array<std::uint16_t>(
    {kImageWidth, kImageLength, kOrientation, kTileWidth, kTileLength, kIccProfile}
);
// Tiles stick out of small pictures.
constexpr std::uint64_t kFineTilePixels = 1 << 20;
constexpr std::uint64_t kPhotometricCfa = 32803, kPhotometricLinearRaw = 34892;

// Classic TIFF has 32-bit offsets and 12-byte entries, BigTIFF 64-bit ones and 20-byte entries.
struct Layout {
    Endian endian = Endian::kLittle;
    std::size_t offset_bytes = 4;
    std::size_t count_bytes = 2;
};

struct Page {
    std::uint64_t width_px = 0, height_px = 0, orientation = 1, profile_bytes = 0;
    std::uint64_t tile_width_px = 0, tile_height_px = 0;
    bool has_alpha = false, is_reduced = false, has_sub_ifds = false, is_raw = false;
    bool has_other_coding = false, is_said_twice = false;
    unsigned said = 0;  // a bit for each of kSaidOnce
    std::uint64_t next = 0;
    bool ok = false;
};

// BYTE, SHORT, LONG and LONG8 values that fit into the entry itself; 0 for all others.
std::uint64_t inline_value(Bytes field, std::uint16_t type, Endian endian) {
    ByteReader reader(field, endian);
    switch (type) {
        case 1:
            return reader.u8();
        case 3:
            return reader.u16();
        case 4:
            return reader.u32();
        case 16:
            return field.size() >= 8 ? reader.u64() : 0;
        default:
            return 0;
    }
}

void note_said(std::uint16_t tag, Page& page) {
    const auto at = std::ranges::find(kSaidOnce, tag);
    if (at == kSaidOnce.end()) return;
    const unsigned bit = 1U << (at - kSaidOnce.begin());
    page.is_said_twice |= (page.said & bit) != 0;
    page.said |= bit;
}

void read_entry(ByteReader& reader, const Layout& layout, Page& page) {
    const auto tag = reader.u16();
    const auto type = reader.u16();
    const std::uint64_t count = reader.number(layout.offset_bytes);
    const auto value = inline_value(reader.take(layout.offset_bytes), type, layout.endian);
    note_said(tag, page);
    switch (tag) {
        case kNewSubfileType:
            page.is_reduced = (value & 1) != 0;
            break;
        case kImageWidth:
            page.width_px = value;
            break;
        case kImageLength:
            page.height_px = value;
            break;
        case kCompression:
            // Said once more, either may count.
            page.has_other_coding |=
                count != 1 || std::ranges::find(kCodings, value) == kCodings.end();
            break;
        case kTileWidth:
            page.tile_width_px = value;
            break;
        case kTileLength:
            page.tile_height_px = value;
            break;
        case kPhotometric:
            page.is_raw |= value == kPhotometricCfa || value == kPhotometricLinearRaw;
            break;
        case kOrientation:
            page.orientation = value;
            break;
        case kSubIfds:
            page.has_sub_ifds = true;
            break;
        case kExtraSamples:
            page.has_alpha = true;
            break;
        case kIccProfile:
            page.profile_bytes = count;
            break;
        case kDngVersion:
            page.is_raw = true;
            break;
        default:
            break;
    }
}

Page read_page(Bytes data, std::uint64_t offset, const Layout& layout) {
    Page page;
    ByteReader reader(data, layout.endian);
    reader.seek(offset);
    const std::uint64_t entries = reader.number(layout.count_bytes);
    const std::uint64_t entry_bytes = 4 + 2 * layout.offset_bytes;
    if (!reader.ok() || entries == 0 || entries > reader.remaining() / entry_bytes) return page;
    for (std::uint64_t i = 0; i < entries; ++i) read_entry(reader, layout, page);
    page.next = reader.number(layout.offset_bytes);
    // Some writers leave out the last "no more pages" offset.
    if (!reader.ok()) page.next = 0;
    // A small preview as first page with the real picture in a sub-directory: NEF, ARW, CR2, DNG.
    page.is_raw |= page.is_reduced && page.has_sub_ifds;
    page.ok = page.width_px > 0 && page.height_px > 0 && !page.is_said_twice;
    return page;
}

std::uint64_t saturated_product(std::uint64_t a, std::uint64_t b) {
    std::uint64_t out = 0;
    return __builtin_mul_overflow(a, b, &out) ? UINT64_MAX : out;
}

std::uint64_t saturated_sum(std::uint64_t a, std::uint64_t b) {
    std::uint64_t out = 0;
    return __builtin_add_overflow(a, b, &out) ? UINT64_MAX : out;
}

void take_first_page(const Page& page, Header& header) {
    header.width_px = page.width_px;
    header.height_px = page.height_px;
    header.has_alpha = page.has_alpha;
    header.profile_bytes = page.profile_bytes;
    if (page.orientation >= 1 && page.orientation <= 8)
        header.orientation = static_cast<std::uint8_t>(page.orientation);
}

}  // namespace

Header read_tiff_header(Bytes data, const Limits& limits) {
    using namespace std::string_view_literals;
    Header header;
    Layout layout;
    layout.endian = starts_with(data, "II"sv) ? Endian::kLittle : Endian::kBig;
    ByteReader reader(data, layout.endian);
    reader.skip(2);
    if (reader.u16() == 43) {
        layout.offset_bytes = layout.count_bytes = 8;
        if (reader.u16() != 8 || reader.u16() != 0) header.broken = "BigTIFF header";
    }
    std::uint64_t offset = reader.number(layout.offset_bytes);
    if (starts_with(data, "CR"sv, 8)) header.is_refused_kind = true;  // Canon CR2

    std::unordered_set<std::uint64_t> visited;
    header.frames = 0;
    while (header.broken == nullptr && offset != 0 && header.frames <= limits.max_frames) {
        if (!visited.insert(offset).second) break;  // a ring of pages
        const Page page = read_page(data, offset, layout);
        header.is_refused_kind |= page.is_raw;
        if (!page.ok) {
            header.broken = "directory";
            break;
        }
        header.is_refused_coding |= page.has_other_coding;
        if (header.frames++ == 0) take_first_page(page, header);
        const auto pixels = saturated_product(page.width_px, page.height_px);
        header.largest_pixels = std::max(header.largest_pixels, pixels);
        const auto tile = saturated_product(page.tile_width_px, page.tile_height_px);
        if (tile > kFineTilePixels) header.largest_pixels = std::max(header.largest_pixels, tile);
        header.total_pixels = saturated_sum(header.total_pixels, pixels);
        offset = page.next;
    }
    if (header.broken == nullptr && header.frames == 0) header.broken = "no directory";
    return header;
}

}  // namespace pixgate::imaging
