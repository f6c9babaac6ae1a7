#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imaging/probe/boxes.h"
#include "imaging/probe/formats.h"
#include "imaging/probe/heif_items.h"

namespace pixgate::imaging {
namespace {

using namespace std::string_view_literals;

// A phone's 48-megapixel picture has about 200 tiles. More items than this is an attack.
constexpr std::size_t kMaxItems = 2'000;
constexpr std::size_t kMaxProperties = 4'000;
constexpr std::size_t kMaxAssociations = 20'000;

enum class Kind : std::uint8_t { kOther, kSize, kRotation, kCut };

struct Property {
    Kind kind = Kind::kOther;
    std::uint64_t width_px = 0, height_px = 0;  // ispe, clap
    std::uint8_t quarter_turns = 0;             // irot
};

struct Meta {
    std::uint64_t primary_item = 0;
    std::size_t items = 0;
    bool has_av1 = false, has_hevc = false, has_alpha = false;
    std::vector<Property> properties;
    std::vector<std::size_t> of_primary;  // 1-based indices into properties
    std::size_t associations = 0;
    std::uint64_t profile_bytes = 0;
    const char* broken = nullptr;
};

void read_item_entry(Bytes payload, Meta& meta) {
    ByteReader reader(payload);
    const auto full = read_full_box(reader);
    if (full.version < 2) return;
    reader.skip(full.version == 2 ? 2 : 4);
    reader.skip(2);
    const Bytes type = reader.take(4);
    meta.has_av1 |= is(type, "av01");
    meta.has_hevc |= is(type, "hvc1");
}

void read_item_info(Bytes payload, Meta& meta) {
    ByteReader reader(payload);
    const auto full = read_full_box(reader);
    reader.skip(full.version == 0 ? 2 : 4);
    Box box;
    while (reader.remaining() >= 8 && read_box(reader, box)) {
        if (++meta.items > kMaxItems) {
            meta.broken = "too many items";
            return;
        }
        if (is(box.type, "infe")) read_item_entry(box.payload, meta);
    }
}

// ISO/IEC 14496-12, 12.1.4: a fraction, taken to whole pixels as libheif does. 0 where it is none.
std::uint64_t read_cut_side(ByteReader& reader) {
    const std::uint64_t numerator = reader.u32(), denominator = reader.u32();
    const bool is_sane = reader.ok() && denominator > 0 && numerator <= INT32_MAX;
    return is_sane ? (numerator + denominator / 2) / denominator : 0;
}

Property read_property(const Box& box, Meta& meta) {
    Property property;
    ByteReader reader(box.payload);
    if (is(box.type, "ispe")) {
        reader.skip(4);
        property.kind = Kind::kSize;
        property.width_px = reader.u32();
        property.height_px = reader.u32();
        if (!reader.ok()) meta.broken = "ispe";
    } else if (is(box.type, "irot")) {
        property.kind = Kind::kRotation;
        property.quarter_turns = reader.u8() & 3;
    } else if (is(box.type, "clap")) {
        property.kind = Kind::kCut;
        property.width_px = read_cut_side(reader);
        property.height_px = read_cut_side(reader);
        if (property.width_px == 0 || property.height_px == 0) meta.broken = "clap";
    } else if (is(box.type, "colr")) {
        meta.profile_bytes += box.payload.size();
    } else if (is(box.type, "auxC")) {
        constexpr std::array kAlphaTypes{
            "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"sv, "urn:mpeg:hevc:2015:auxid:1"sv
        };
        for (const auto name : kAlphaTypes) meta.has_alpha |= starts_with(box.payload, name, 4);
    }
    return property;
}

void read_properties(Bytes payload, Meta& meta) {
    ByteReader reader(payload);
    Box box;
    while (meta.broken == nullptr && reader.remaining() >= 8) {
        if (!read_box(reader, box) || meta.properties.size() >= kMaxProperties) {
            meta.broken = "ipco";
            return;
        }
        meta.properties.push_back(read_property(box, meta));
    }
}

void read_associations(Bytes payload, Meta& meta) {
    ByteReader reader(payload);
    const auto full = read_full_box(reader);
    const std::uint32_t entries = reader.u32();
    for (std::uint32_t i = 0; i < entries && reader.ok(); ++i) {
        const std::uint64_t item = reader.number(full.version < 1 ? 2 : 4);
        const std::size_t count = reader.u8();
        for (std::size_t k = 0; k < count && reader.ok(); ++k) {
            const std::size_t index =
                (full.flags & 1) != 0 ? reader.u16() & 0x7FFFU : reader.u8() & 0x7FU;
            if (++meta.associations > kMaxAssociations) meta.broken = "too many associations";
            if (meta.broken != nullptr) return;
            if (item == meta.primary_item) meta.of_primary.push_back(index);
        }
    }
    if (!reader.ok()) meta.broken = "ipma";
}

// The primary item must be known before the associations are read, whatever the order of the boxes.
Meta read_meta(Bytes payload) {
    Meta meta;
    std::set<std::string> seen;
    Bytes properties_box;
    ByteReader reader(payload);
    read_full_box(reader);
    Box box;
    while (meta.broken == nullptr && reader.remaining() >= 8) {
        if (!read_box(reader, box)) {
            meta.broken = "meta";
            return meta;
        }
        // A decoder may take another one of them than this does.
        const bool is_once = is(box.type, "pitm") || is(box.type, "iinf") || is(box.type, "iprp") ||
                             is(box.type, "iloc");
        if (is_once && !seen.insert(std::string(box.type.begin(), box.type.end())).second) {
            meta.broken = "box twice";
            return meta;
        }
        if (is(box.type, "pitm")) {
            ByteReader item(box.payload);
            const auto full = read_full_box(item);
            meta.primary_item = item.number(full.version == 0 ? 2 : 4);
        } else if (is(box.type, "iinf")) {
            read_item_info(box.payload, meta);
        } else if (is(box.type, "iprp")) {
            properties_box = box.payload;
        }
    }
    ByteReader container(properties_box);
    while (meta.broken == nullptr && container.remaining() >= 8 && read_box(container, box)) {
        if (is(box.type, "ipco")) read_properties(box.payload, meta);
        if (is(box.type, "ipma")) read_associations(box.payload, meta);
    }
    return meta;
}

// In the order of the properties, which is that in which the decoder carries them out.
void apply_primary(const Meta& meta, Header& header) {
    for (const auto index : meta.of_primary) {
        if (index == 0 || index > meta.properties.size()) continue;
        const Property& property = meta.properties[index - 1];
        const bool is_cut = property.kind == Kind::kCut;
        if (is_cut &&
            (property.width_px > header.width_px || property.height_px > header.height_px))
            header.broken = "clap";
        if (is_cut || property.kind == Kind::kSize) {
            header.width_px = property.width_px;
            header.height_px = property.height_px;
        } else if (property.kind == Kind::kRotation && property.quarter_turns % 2 != 0) {
            std::swap(header.width_px, header.height_px);
        }
    }
}

// Any of them may be decoded, so the largest counts.
void count_pixels(std::uint64_t width_px, std::uint64_t height_px, Header& header) {
    std::uint64_t pixels = 0;
    if (__builtin_mul_overflow(width_px, height_px, &pixels)) pixels = UINT64_MAX;
    header.largest_pixels = std::max(header.largest_pixels, pixels);
}

// The canvas of a picture made of others, for which the decoder takes memory whatever `ispe` says
// (ISO/IEC 23008-12, 6.6.2).
void count_canvases(Bytes data, Header& header) {
    constexpr std::size_t kMostBytes = 20;
    for (const HeifItem& item : heif_items(data)) {
        if (item.type != "grid" && item.type != "iovl") continue;
        const auto bytes = bytes_of(item, data, kMostBytes);
        ByteReader reader(bytes);
        reader.skip(1);
        const std::size_t side_bytes = (reader.u8() & 1) != 0 ? 4 : 2;
        reader.skip(item.type == "grid" ? 2 : 8);  // rows and columns, or a colour
        const std::uint64_t width = reader.number(side_bytes);
        const std::uint64_t height = reader.number(side_bytes);
        if (reader.ok()) count_pixels(width, height, header);
    }
}

void take_meta(const Meta& meta, Header& header) {
    header.broken = meta.broken;
    header.has_alpha = meta.has_alpha;
    header.profile_bytes = meta.profile_bytes;
    if (meta.has_av1 != meta.has_hevc) {
        header.format = meta.has_av1 ? Format::kAvif : Format::kHeic;
    } else if (meta.broken == nullptr) {
        // Both, or another kind: which decoder it goes to is not for the file to say.
        header.is_refused_kind = true;
    }
    apply_primary(meta, header);
    for (const auto& property : meta.properties)
        count_pixels(property.width_px, property.height_px, header);
}

}  // namespace

Header read_heif_header(Bytes data, const Limits&) {
    Header header;
    ByteReader reader(data);
    Box box;
    bool has_meta = false;
    while (reader.remaining() >= 8) {
        if (!read_box(reader, box)) {
            header.broken = "box longer than the file";
            break;
        }
        if (!is(box.type, "meta")) continue;
        if (has_meta) {
            header.broken = "second meta";
            break;
        }
        has_meta = true;
        take_meta(read_meta(box.payload), header);
    }
    count_canvases(data, header);
    if (header.broken == nullptr && !has_meta) header.broken = "no meta box";
    if (header.broken == nullptr && (header.width_px == 0 || header.height_px == 0))
        header.broken = "size";
    return header;
}

}  // namespace pixgate::imaging
