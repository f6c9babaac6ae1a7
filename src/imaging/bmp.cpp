#include "imaging/bmp.h"

#include <algorithm>
#include <bit>

namespace pixgate::imaging {
namespace {

constexpr std::size_t kFileHeaderBytes = 14;
constexpr std::uint32_t kCoreHeader = 12, kInfoHeader = 40;
enum Compression : std::uint32_t { kNone = 0, kRle8 = 1, kBitFields = 3, kAlphaBitFields = 6 };
// Wider than any limit of ours, and no product of two overflows.
constexpr std::int64_t kMaxSidePx = 1 << 30;

bool is_known_header(std::uint32_t bytes) {
    return bytes == kCoreHeader || bytes == kInfoHeader || bytes == 52 || bytes == 56 ||
           bytes == 108 || bytes == 124;
}

bool is_one_run_of_bits(std::uint32_t mask) {
    if (mask == 0) return true;
    const std::uint32_t low = mask >> std::countr_zero(mask);
    return (low & (low + 1)) == 0;
}

bool are_masks_good(const BmpHeader& header) {
    std::uint32_t seen = 0;
    for (const std::uint32_t mask : header.masks) {
        if (!is_one_run_of_bits(mask) || (seen & mask) != 0) return false;
        seen |= mask;
    }
    const bool has_colours = header.masks[0] != 0 && header.masks[1] != 0 && header.masks[2] != 0;
    return has_colours && (header.bits == 32 || seen <= 0xFFFF);
}

bool is_known_kind(const BmpHeader& header, std::uint32_t compression) {
    const auto bits = header.bits;
    switch (compression) {
        case kNone:
            return bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
        case kRle8:
            return bits == 8 && !header.is_top_down;
        case kBitFields:
        case kAlphaBitFields:
            return bits == 16 || bits == 32;
        default:
            return false;
    }
}

void read_sizes(ByteReader& reader, bool is_core, BmpHeader& header) {
    std::int64_t width = 0, height = 0;
    if (is_core) {
        width = reader.u16();
        height = reader.u16();
    } else {
        width = static_cast<std::int32_t>(reader.u32());
        height = static_cast<std::int32_t>(reader.u32());
    }
    header.is_top_down = height < 0;
    height = std::abs(height);
    if (width <= 0 || height == 0 || width > kMaxSidePx || height > kMaxSidePx) {
        header.broken = "size";
        return;
    }
    header.width_px = static_cast<std::uint32_t>(width);
    header.height_px = static_cast<std::uint32_t>(height);
    if (reader.u16() != 1) header.broken = "planes";
    header.bits = reader.u16();
}

void read_masks(
    ByteReader& reader, std::uint32_t header_bytes, std::uint32_t compression, BmpHeader& header
) {
    const bool has_fields = compression == kBitFields || compression == kAlphaBitFields;
    if (!has_fields) {
        header.masks = header.bits == 16
                           ? std::array<std::uint32_t, 4>{0x7C00, 0x03E0, 0x001F, 0}
                           : std::array<std::uint32_t, 4>{0xFF0000, 0x00FF00, 0x0000FF, 0};
        return;
    }
    reader.seek(kFileHeaderBytes + kInfoHeader);
    for (std::size_t i = 0; i < 3; ++i) header.masks.at(i) = reader.u32();
    if (header_bytes >= 56 || compression == kAlphaBitFields) header.masks[3] = reader.u32();
    header.has_alpha = header.masks[3] != 0;
    if (!are_masks_good(header)) header.broken = "masks";
}

void place_palette(std::uint32_t header_bytes, std::uint32_t colours_used, BmpHeader& header) {
    if (header.bits > 8) return;
    const std::size_t most = std::size_t{1} << header.bits;
    header.palette_at = kFileHeaderBytes + header_bytes;
    header.palette_entry_bytes = header_bytes == kCoreHeader ? 3 : 4;
    header.palette_entries = colours_used == 0 ? most : colours_used;
    if (header.palette_entries > most) header.broken = "palette";
}

std::uint64_t row_bytes_of(const BmpHeader& header) {
    return (std::uint64_t{header.width_px} * header.bits + 31) / 32 * 4;
}

struct Colour {
    std::uint8_t red = 0, green = 0, blue = 0;
};

std::vector<Colour> read_palette(Bytes data, const BmpHeader& header) {
    std::vector<Colour> palette(header.palette_entries);
    for (std::size_t i = 0; i < palette.size(); ++i) {
        const std::size_t at = header.palette_at + i * header.palette_entry_bytes;
        palette[i] = {data[at + 2], data[at + 1], data[at]};
    }
    return palette;
}

// The bits under the mask, spread over 0 to 255.
std::uint8_t channel(std::uint32_t pixel, std::uint32_t mask) {
    if (mask == 0) return 0;
    const std::uint64_t most = mask >> std::countr_zero(mask);
    const std::uint64_t value = (pixel & mask) >> std::countr_zero(mask);
    return static_cast<std::uint8_t>((value * 255 + most / 2) / most);
}

class Decoder {
public:
    Decoder(Bytes data, const BmpHeader& header) : data_(data), header_(header) {
        if (header.bits <= 8) palette_ = read_palette(data, header);
        out_.width_px = header.width_px;
        out_.height_px = header.height_px;
        out_.bands = header.has_alpha ? 4 : 3;
        out_.pixels.resize(std::size_t{out_.width_px} * out_.height_px * out_.bands);
    }

    std::optional<BmpPicture> decode() {
        if (header_.is_run_length ? !decode_runs() : !decode_rows()) return std::nullopt;
        return std::move(out_);
    }

private:
    std::uint8_t* row_at(std::uint32_t stored_row) {
        const std::uint32_t y =
            header_.is_top_down ? stored_row : header_.height_px - 1 - stored_row;
        return out_.pixels.data() + std::size_t{y} * out_.width_px * out_.bands;
    }

    bool put_index(std::uint8_t* to, std::size_t index) const {
        if (index >= palette_.size()) return false;
        to[0] = palette_[index].red;
        to[1] = palette_[index].green;
        to[2] = palette_[index].blue;
        return true;
    }

    bool decode_rows() {
        const std::uint64_t row_bytes = row_bytes_of(header_);
        ByteReader reader(data_);
        reader.seek(header_.pixels_at);
        for (std::uint32_t row = 0; row < header_.height_px; ++row) {
            const Bytes line = reader.take(row_bytes);
            if (!reader.ok() || !decode_row(line, row_at(row))) return false;
        }
        return true;
    }

    bool decode_row(Bytes line, std::uint8_t* to) const {
        for (std::uint32_t x = 0; x < header_.width_px; ++x, to += out_.bands) {
            if (header_.bits <= 8) {
                if (!put_index(to, index_at(line, x))) return false;
            } else if (header_.bits == 24) {
                to[0] = line[std::size_t{x} * 3 + 2];
                to[1] = line[std::size_t{x} * 3 + 1];
                to[2] = line[std::size_t{x} * 3];
            } else {
                put_masked(to, line, x);
            }
        }
        return true;
    }

    std::size_t index_at(Bytes line, std::uint32_t x) const {
        const std::size_t bit = std::size_t{x} * header_.bits;
        const std::size_t shift = 8 - header_.bits - bit % 8;
        return line[bit / 8] >> shift & ((1U << header_.bits) - 1);
    }

    void put_masked(std::uint8_t* to, Bytes line, std::uint32_t x) const {
        const std::size_t bytes = header_.bits / 8;
        ByteReader reader(line.subspan(x * bytes, bytes), Endian::kLittle);
        const auto pixel = static_cast<std::uint32_t>(reader.number(bytes));
        for (std::size_t band = 0; band < out_.bands; ++band)
            to[band] = channel(pixel, header_.masks.at(band));
    }

    // Pairs of count and index; count 0 escapes: 0 ends the row, 1 the picture, 2 moves, 3 and more
    // are that many bare indices. What is never reached is colour 0.
    bool decode_runs();
    bool put_run(std::size_t count, std::size_t index);
    bool put_bare(ByteReader& reader, std::size_t count);

    Bytes data_;
    const BmpHeader& header_;
    std::vector<Colour> palette_;
    BmpPicture out_;
    std::uint32_t x_ = 0, row_ = 0;
};

bool Decoder::put_run(std::size_t count, std::size_t index) {
    if (row_ >= header_.height_px || count > header_.width_px - x_) return false;
    for (; count > 0; --count, ++x_) {
        if (!put_index(row_at(row_) + std::size_t{x_} * out_.bands, index)) return false;
    }
    return true;
}

bool Decoder::put_bare(ByteReader& reader, std::size_t count) {
    const Bytes indices = reader.take(count);
    if (count % 2 != 0) reader.skip(1);
    return reader.ok() &&
           std::ranges::all_of(indices, [this](std::uint8_t index) { return put_run(1, index); });
}

bool Decoder::decode_runs() {
    for (std::uint32_t row = 0; row < header_.height_px; ++row) {
        for (std::uint32_t x = 0; x < header_.width_px; ++x) {
            if (!put_index(row_at(row) + std::size_t{x} * out_.bands, 0)) return false;
        }
    }
    ByteReader reader(data_);
    reader.seek(header_.pixels_at);
    while (reader.remaining() >= 2) {
        const std::size_t count = reader.u8(), value = reader.u8();
        if (count > 0) {
            if (!put_run(count, value)) return false;
        } else if (value == 0) {
            x_ = 0;
            ++row_;
        } else if (value == 1) {
            return true;
        } else if (value == 2) {
            x_ += reader.u8();
            row_ += reader.u8();
            if (!reader.ok() || x_ > header_.width_px || row_ > header_.height_px) return false;
        } else if (!put_bare(reader, value)) {
            return false;
        }
    }
    return false;  // no end of the picture
}

}  // namespace

BmpHeader read_bmp(Bytes data) {
    BmpHeader header;
    ByteReader reader(data, Endian::kLittle);
    reader.skip(10);
    header.pixels_at = reader.u32();
    const std::uint32_t header_bytes = reader.u32();
    if (!reader.ok() || !is_known_header(header_bytes)) {
        header.broken = "header";
        return header;
    }
    const bool is_core = header_bytes == kCoreHeader;
    read_sizes(reader, is_core, header);
    std::uint32_t compression = kNone, colours_used = 0;
    if (!is_core) {
        compression = reader.u32();
        reader.skip(12);  // size of the pixels, resolution
        colours_used = reader.u32();
    }
    header.is_run_length = compression == kRle8;
    if (header.broken == nullptr && !is_known_kind(header, compression)) header.broken = "coding";
    if (header.broken != nullptr) return header;
    read_masks(reader, header_bytes, compression, header);
    place_palette(header_bytes, colours_used, header);
    const std::uint64_t palette_end =
        header.palette_at + header.palette_entries * header.palette_entry_bytes;
    const std::uint64_t pixels = header.is_run_length ? 2 : row_bytes_of(header) * header.height_px;
    if (!reader.ok() || palette_end > data.size() || header.pixels_at > data.size() ||
        pixels > data.size() - header.pixels_at)
        header.broken = "shorter than its header says";
    return header;
}

std::optional<BmpPicture> decode_bmp(Bytes data) {
    const BmpHeader header = read_bmp(data);
    if (header.broken != nullptr) return std::nullopt;
    return Decoder(data, header).decode();
}

}  // namespace pixgate::imaging
