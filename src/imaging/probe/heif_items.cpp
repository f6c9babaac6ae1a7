#include "imaging/probe/heif_items.h"

#include <algorithm>
#include <array>

#include "imaging/probe/boxes.h"

namespace pixgate::imaging {
namespace {

constexpr std::size_t kMaxItems = 2'000;
constexpr std::size_t kMaxPieces = 20'000;  // of all items together

struct MetaParts {
    Bytes infos, places, data;
};

MetaParts parts_of_meta(Bytes file) {
    MetaParts parts;
    ByteReader reader(file);
    Box box;
    while (reader.remaining() >= 8 && read_box(reader, box)) {
        if (!is(box.type, "meta")) continue;
        ByteReader inner(box.payload);
        read_full_box(inner);
        while (inner.remaining() >= 8 && read_box(inner, box)) {
            if (is(box.type, "iinf")) parts.infos = box.payload;
            if (is(box.type, "iloc")) parts.places = box.payload;
            if (is(box.type, "idat")) parts.data = box.payload;
        }
        break;
    }
    return parts;
}

std::vector<HeifItem> read_infos(Bytes payload) {
    constexpr std::array<std::string_view, 4> kWanted{"Exif", "mime", "grid", "iovl"};
    std::vector<HeifItem> items;
    ByteReader reader(payload);
    reader.skip(read_full_box(reader).version == 0 ? 2 : 4);
    Box box;
    while (reader.remaining() >= 8 && items.size() < kMaxItems && read_box(reader, box)) {
        if (!is(box.type, "infe")) continue;
        ByteReader entry(box.payload);
        const auto version = read_full_box(entry).version;
        if (version < 2) continue;
        HeifItem item;
        item.id = entry.number(version == 2 ? 2 : 4);
        entry.skip(2);
        const Bytes type = entry.take(4);
        const auto known = std::ranges::find_if(kWanted, [&](auto name) { return is(type, name); });
        if (known == kWanted.end()) continue;
        item.type = *known;
        items.push_back(std::move(item));
    }
    return items;
}

class Places {
public:
    Places(Bytes file, Bytes data) : file_(file), data_(data) {}

    void read(Bytes payload, std::vector<HeifItem>& items) {
        ByteReader reader(payload);
        version_ = read_full_box(reader).version;
        const auto sizes = reader.u16();
        offset_bytes_ = sizes >> 12 & 15U;
        length_bytes_ = sizes >> 8 & 15U;
        base_bytes_ = sizes >> 4 & 15U;
        index_bytes_ = version_ == 0 ? 0 : sizes & 15U;
        if (std::max({offset_bytes_, length_bytes_, base_bytes_, index_bytes_}) > 8) return;
        const std::uint64_t count = reader.number(version_ < 2 ? 2 : 4);
        for (std::uint64_t i = 0; i < count && reader.ok(); ++i) read_item(reader, items);
    }

private:
    void read_item(ByteReader& reader, std::vector<HeifItem>& items) {
        const std::uint64_t id = reader.number(version_ < 2 ? 2 : 4);
        const unsigned method = version_ == 0 ? 0 : reader.u16() & 15U;
        reader.skip(2);
        const std::uint64_t base = reader.number(base_bytes_);
        const std::uint32_t extents = reader.u16();
        const auto item = std::ranges::find(items, id, &HeifItem::id);
        for (std::uint32_t i = 0; i < extents && reader.ok(); ++i) {
            reader.skip(index_bytes_);
            const std::uint64_t offset = reader.number(offset_bytes_);
            const std::uint64_t length = reader.number(length_bytes_);
            if (item == items.end() || !reader.ok()) continue;
            if (method == 0) add(*item, file_, base, offset, length);
            if (method == 1) add(*item, data_, base, offset, length);
        }
    }

    // A length of 0 is all that there is.
    void add(
        HeifItem& item, Bytes source, std::uint64_t base, std::uint64_t offset, std::uint64_t length
    ) {
        std::uint64_t from = 0;
        if (__builtin_add_overflow(base, offset, &from) || from >= source.size() ||
            ++pieces_ > kMaxPieces)
            return;
        const std::uint64_t most = source.size() - from;
        const auto bytes = static_cast<std::size_t>(length == 0 ? most : std::min(length, most));
        const auto before = static_cast<std::size_t>(source.data() - file_.data());
        item.pieces.push_back({before + static_cast<std::size_t>(from), bytes});
    }

    Bytes file_, data_;
    std::uint8_t version_ = 0;
    std::size_t offset_bytes_ = 0, length_bytes_ = 0, base_bytes_ = 0, index_bytes_ = 0;
    std::size_t pieces_ = 0;
};

}  // namespace

std::vector<HeifItem> heif_items(Bytes file) {
    const MetaParts parts = parts_of_meta(file);
    std::vector<HeifItem> items = read_infos(parts.infos);
    if (!items.empty()) Places(file, parts.data).read(parts.places, items);
    return items;
}

std::vector<std::uint8_t> bytes_of(const HeifItem& item, Bytes file, std::size_t most) {
    std::vector<std::uint8_t> out;
    for (const Piece& piece : item.pieces) {
        const Bytes part = file.subspan(piece.at, std::min(piece.bytes, most - out.size()));
        out.insert(out.end(), part.begin(), part.end());
    }
    return out;
}

}  // namespace pixgate::imaging
