#include "imaging/strip_location.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "imaging/probe/formats.h"
#include "imaging/probe/heif_items.h"
#include "imaging/strip_location_exif.h"
#include "imaging/strip_location_xmp.h"

namespace pixgate::imaging {
namespace {

using namespace std::string_view_literals;
using Span = std::span<std::uint8_t>;

// A file has a handful of EXIF blocks; thousands of them are not worth the time.
constexpr int kMaxBlocks = 64;
constexpr std::size_t kMaxBlockBytes = 1 << 20;
// Two are enough for what anybody writes: the second finds nothing. More is for files that are made
// so that taking one entry out uncovers the next.
constexpr int kMaxRounds = 100;

std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

bool strip_exif_blocks(Span file, bool with_maker_notes) {
    constexpr auto kMark = "Exif\0\0"sv;
    bool is_changed = false;
    int blocks = 0;
    const std::string_view text = text_of(file);
    for (std::size_t at = 0; (at = text.find(kMark, at)) != text.npos && blocks < kMaxBlocks;) {
        at += kMark.size();
        Span block = file.subspan(at);
        if (!is_tiff(block)) continue;
        // A JPEG's segment says how long it is; elsewhere the offsets have to.
        std::size_t bytes = std::min(block.size(), kMaxBlockBytes);
        if (at >= 10 && file[at - 10] == 0xFF && file[at - 9] == 0xE1) {
            const std::size_t segment = std::size_t{file[at - 8]} << 8 | file[at - 7];
            bytes = std::min(bytes, segment > 8 ? segment - 8 : 0);
        }
        if (bytes < 8) continue;
        is_changed |= strip_exif(block.first(bytes), with_maker_notes);
        ++blocks;
    }
    return is_changed;
}

bool strip_webp_exif(Span file, bool with_maker_notes) {
    bool is_changed = false;
    ByteReader reader(file, Endian::kLittle);
    reader.skip(12);
    while (reader.remaining() >= 8) {
        const Bytes type = reader.take(4);
        const std::uint32_t bytes = reader.u32();
        const std::size_t at = reader.position();
        reader.skip(bytes);
        if (!reader.ok()) break;
        const Span payload = file.subspan(at, bytes);
        if (is(type, "EXIF") && bytes >= 8 && is_tiff(payload))
            is_changed |= strip_exif(payload, with_maker_notes);
        if (bytes % 2 != 0) reader.skip(1);
    }
    return is_changed;
}

// Text that holds EXIF or XMP where only inflating it would show what it says.
bool is_hidden_metadata(Bytes type, Bytes payload) {
    if (is(type, "iTXt") && starts_with(payload, "XML:com.adobe.xmp\0\1"sv)) return true;
    const bool is_text = is(type, "tEXt") || is(type, "zTXt") || is(type, "iTXt");
    return is_text && starts_with(payload, "Raw profile type ");
}

void append_chunk(std::string& out, Bytes chunk, bool with_maker_notes, bool& is_changed) {
    std::vector<std::uint8_t> copy(chunk.begin(), chunk.end());
    const Bytes type = chunk.subspan(4, 4);
    const Span payload = Span(copy).subspan(8, copy.size() - 12);
    bool changed = false;
    if (is(type, "eXIf") && payload.size() >= 8 && is_tiff(payload))
        changed = strip_exif(payload, with_maker_notes);
    if (is(type, "iTXt")) changed = blank_gps_properties(payload);
    if (changed) {
        const auto crc = png_crc32(Bytes(copy).subspan(4, copy.size() - 8));
        for (std::size_t i = 0; i < 4; ++i)
            copy[copy.size() - 4 + i] = static_cast<std::uint8_t>(crc >> 8 * (3 - i) & 0xFF);
        is_changed = true;
    }
    out.append(reinterpret_cast<const char*>(copy.data()), copy.size());
}

std::optional<std::string> strip_png(Bytes png, bool with_maker_notes) {
    std::string out;
    bool is_changed = false;
    ByteReader reader(png);
    out += text_of(reader.take(std::min<std::size_t>(8, png.size())));
    while (reader.remaining() >= 12) {
        const std::size_t at = reader.position();
        const std::uint64_t bytes = reader.u32();
        const Bytes type = reader.take(4);
        const Bytes payload = reader.take(bytes);
        reader.skip(4);
        if (!reader.ok()) {
            out += text_of(png.subspan(at));
            return is_changed ? std::optional(out) : std::nullopt;
        }
        if (is_hidden_metadata(type, payload)) {
            is_changed = true;
            continue;
        }
        append_chunk(out, png.subspan(at, reader.position() - at), with_maker_notes, is_changed);
    }
    out += text_of(png.subspan(reader.position()));
    return is_changed ? std::optional(out) : std::nullopt;
}

// Edits bytes that lie in several places as if they were one.
template <class Edit>
bool edit_pieces(Span file, std::span<const Piece> pieces, Edit edit) {
    std::vector<std::uint8_t> joined;
    for (const Piece& piece : pieces) {
        const Span part = file.subspan(piece.at, piece.bytes);
        joined.insert(joined.end(), part.begin(), part.end());
    }
    if (!edit(Span(joined))) return false;
    std::size_t done = 0;
    for (const Piece& piece : pieces) {
        std::ranges::copy(
            Span(joined).subspan(done, piece.bytes),
            file.begin() + static_cast<std::ptrdiff_t>(piece.at)
        );
        done += piece.bytes;
    }
    return true;
}

// ISO/IEC 23008-12, A.2.1: how far the TIFF header is, then mostly nothing, or "Exif\0\0".
bool strip_exif_item(Span item, bool with_maker_notes) {
    ByteReader reader(item);
    const std::uint64_t skipped = reader.u32();
    for (const std::uint64_t at : {4 + skipped, std::uint64_t{4}, std::uint64_t{0}}) {
        if (at + 8 > item.size()) continue;
        const Span block = item.subspan(static_cast<std::size_t>(at));
        if (is_tiff(block)) return strip_exif(block, with_maker_notes);
    }
    return false;
}

bool strip_heif_items(Span file, bool with_maker_notes) {
    bool is_changed = false;
    int blocks = 0;
    for (const HeifItem& item : heif_items(file)) {
        std::size_t bytes = 0;
        for (const Piece& piece : item.pieces) bytes += piece.bytes;
        const bool is_exif = item.type == "Exif";
        if ((!is_exif && item.type != "mime") || bytes > kMaxBlockBytes || ++blocks > kMaxBlocks)
            continue;
        is_changed |= edit_pieces(file, item.pieces, [&](Span joined) {
            return is_exif ? strip_exif_item(joined, with_maker_notes)
                           : blank_gps_properties(joined);
        });
    }
    return is_changed;
}

// GIF89a, 15: up to the empty block.
std::vector<Piece> take_sub_blocks(ByteReader& reader) {
    std::vector<Piece> pieces;
    for (std::size_t bytes = reader.u8(); reader.ok() && bytes != 0; bytes = reader.u8()) {
        const std::size_t at = reader.position();
        reader.skip(bytes);
        if (reader.ok()) pieces.push_back({at, bytes});
    }
    return pieces;
}

// XMP lies there as it is, so that its own letters are taken for lengths, with a trailer behind it
// where all of them lead (XMP specification, part 3, 1.1.2); some writers use blocks like everyone.
bool strip_gif_extension(Span file, ByteReader& reader) {
    reader.skip(1);
    const std::size_t from = reader.position();
    const auto pieces = take_sub_blocks(reader);
    constexpr auto kXmp = "\x0BXMP DataXMP"sv;
    const std::size_t packet = from + kXmp.size();
    const bool is_raw = starts_with(file, kXmp, from) && packet + 2 <= file.size() &&
                        (file[packet] == '<' || file[packet] == 0xEF) && file[packet + 1] != '<' &&
                        file[packet + 1] != 0xEF;
    if (is_raw) return strip_xmp_packets(file.subspan(packet, reader.position() - packet));
    return edit_pieces(file, pieces, &strip_xmp_packets);
}

bool strip_gif(Span file) {
    const auto skip_colours = [](ByteReader& reader, std::uint8_t flags) {
        if ((flags & 0x80) != 0) reader.skip(std::uint64_t{3} << ((flags & 7) + 1));
    };
    bool is_changed = false;
    ByteReader reader(file, Endian::kLittle);
    reader.skip(10);
    const auto flags = reader.u8();
    reader.skip(2);
    skip_colours(reader, flags);
    while (reader.ok() && reader.remaining() > 0) {
        const auto block = reader.u8();
        if (block == 0x21) {
            is_changed |= strip_gif_extension(file, reader);
        } else if (block == 0x2C) {
            reader.skip(8);
            skip_colours(reader, reader.u8());
            reader.skip(1);
            take_sub_blocks(reader);
        } else {
            break;
        }
    }
    return is_changed;
}

bool strip_in_place(Span file, Format format, bool with_maker_notes) {
    if (format == Format::kGif) return strip_gif(file);
    bool is_changed = strip_exif_blocks(file, with_maker_notes);
    is_changed |= strip_xmp_packets(file);
    if (format == Format::kWebp) is_changed |= strip_webp_exif(file, with_maker_notes);
    if (format == Format::kHeic || format == Format::kAvif)
        is_changed |= strip_heif_items(file, with_maker_notes);
    if (format == Format::kTiff && file.size() >= 8 && is_tiff(file))
        is_changed |= strip_exif(file, with_maker_notes);
    return is_changed;
}

}  // namespace

std::optional<std::string> strip_location(Bytes picture, Format format, bool with_maker_notes) {
    constexpr std::array kKnown{Format::kJpeg, Format::kPng,  Format::kWebp, Format::kHeic,
                                Format::kAvif, Format::kTiff, Format::kGif};
    if (std::ranges::find(kKnown, format) == kKnown.end()) return std::nullopt;
    if (format == Format::kPng) {
        auto out = strip_png(picture, with_maker_notes);
        for (int i = 1; out && i < kMaxRounds; ++i) {
            auto next = strip_png(as_bytes(*out), with_maker_notes);
            if (!next) break;
            out = std::move(next);
        }
        return out;
    }
    std::string out(text_of(picture));
    const Span file(reinterpret_cast<std::uint8_t*>(out.data()), out.size());
    int rounds = 0;
    while (rounds < kMaxRounds && strip_in_place(file, format, with_maker_notes)) ++rounds;
    return rounds > 0 ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace pixgate::imaging
