#include "imaging/strip_location.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "imaging/probe/formats.h"

namespace pixgate::imaging {
namespace {

using namespace std::string_view_literals;
using Span = std::span<std::uint8_t>;

constexpr std::uint16_t kTagExifDirectory = 0x8769, kTagGpsDirectory = 0x8825,
                        kTagMakerNote = 0x927C;
constexpr std::size_t kEntryBytes = 12;
constexpr int kMaxDirectories = 8;  // of one block; real ones have two
// A file has a handful of EXIF blocks; thousands of them are not worth the time.
constexpr int kMaxBlocks = 64;

std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_tiff(Bytes block) {
    return starts_with(block, "II*\0"sv) || starts_with(block, "MM\0*"sv);
}

std::uint64_t value_bytes(std::uint16_t type, std::uint32_t count) {
    constexpr std::array<std::uint8_t, 14> kBytes{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
    return type < kBytes.size() ? std::uint64_t{kBytes.at(type)} * count : 0;
}

// One EXIF block, edited where it lies.
class ExifBlock {
public:
    explicit ExifBlock(Span block)
        : block_(block), endian_(starts_with(block, "II*\0"sv) ? Endian::kLittle : Endian::kBig) {}

    bool strip(bool with_maker_notes) {
        ByteReader reader = reader_at(4);
        std::uint64_t directory = reader.u32();
        for (int i = 0; i < kMaxDirectories && reader.ok() && directory != 0; ++i) {
            while (take_entry(directory, kTagGpsDirectory)) {
            }
            if (with_maker_notes) strip_maker_note(directory);
            directory = next_of(directory);
        }
        return is_changed_;
    }

private:
    struct Entry {
        std::size_t at = 0;
        std::uint16_t tag = 0, type = 0;
        std::uint32_t count = 0, value = 0;
    };

    ByteReader reader_at(std::uint64_t at) const {
        ByteReader reader(block_, endian_);
        reader.seek(at);
        return reader;
    }

    // 0 where the directory is not whole.
    std::size_t entries_of(std::uint64_t directory) const {
        ByteReader reader = reader_at(directory);
        const std::size_t entries = reader.u16();
        return reader.ok() && entries * kEntryBytes <= reader.remaining() ? entries : 0;
    }

    Entry entry_of(std::uint64_t directory, std::size_t index) const {
        Entry entry;
        entry.at = static_cast<std::size_t>(directory) + 2 + index * kEntryBytes;
        ByteReader reader = reader_at(entry.at);
        entry.tag = reader.u16();
        entry.type = reader.u16();
        entry.count = reader.u32();
        entry.value = reader.u32();
        return entry;
    }

    std::uint64_t next_of(std::uint64_t directory) const {
        ByteReader reader = reader_at(directory);
        reader.skip(reader.u16() * std::uint64_t{kEntryBytes});
        const auto next = reader.u32();
        return reader.ok() ? next : 0;
    }

    void zero(std::uint64_t at, std::uint64_t bytes) {
        if (at >= block_.size()) return;
        const auto part = block_.subspan(
            static_cast<std::size_t>(at),
            static_cast<std::size_t>(std::min<std::uint64_t>(bytes, block_.size() - at))
        );
        std::ranges::fill(part, std::uint8_t{0});
        is_changed_ = true;
    }

    void zero_values(std::uint64_t directory) {
        const std::size_t entries = entries_of(directory);
        for (std::size_t i = 0; i < entries; ++i) {
            const Entry entry = entry_of(directory, i);
            const auto bytes = value_bytes(entry.type, entry.count);
            if (bytes > 4) zero(entry.value, bytes);
        }
        zero(directory, 2 + entries * kEntryBytes + 4);
    }

    // The first entry of this tag goes, with what it points to; the others move up. True when there
    // was one.
    bool take_entry(std::uint64_t directory, std::uint16_t tag) {
        const std::size_t entries = entries_of(directory);
        for (std::size_t i = 0; i < entries; ++i) {
            const Entry entry = entry_of(directory, i);
            if (entry.tag != tag) continue;
            const std::size_t end = static_cast<std::size_t>(directory) + 2 + entries * kEntryBytes;
            const std::size_t end_with_next = std::min(end + 4, block_.size());
            // The entry goes before what it points to: a pointer to its own directory must not
            // bring it back.
            std::copy(
                block_.begin() + static_cast<std::ptrdiff_t>(entry.at + kEntryBytes),
                block_.begin() + static_cast<std::ptrdiff_t>(end_with_next),
                block_.begin() + static_cast<std::ptrdiff_t>(entry.at)
            );
            zero(end_with_next - kEntryBytes, kEntryBytes);
            put_u16(static_cast<std::size_t>(directory), entries - 1);
            if (tag == kTagGpsDirectory)
                zero_values(entry.value);
            else if (value_bytes(entry.type, entry.count) > 4)
                zero(entry.value, value_bytes(entry.type, entry.count));
            return true;
        }
        return false;
    }

    void strip_maker_note(std::uint64_t directory) {
        const std::size_t entries = entries_of(directory);
        for (std::size_t i = 0; i < entries; ++i) {
            const Entry entry = entry_of(directory, i);
            if (entry.tag != kTagExifDirectory) continue;
            while (take_entry(entry.value, kTagMakerNote)) {
            }
            return;
        }
    }

    void put_u16(std::size_t at, std::size_t value) {
        const auto high = static_cast<std::uint8_t>(value >> 8 & 0xFF);
        const auto low = static_cast<std::uint8_t>(value & 0xFF);
        block_[at] = endian_ == Endian::kBig ? high : low;
        block_[at + 1] = endian_ == Endian::kBig ? low : high;
    }

    Span block_;
    Endian endian_;
    bool is_changed_ = false;
};

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':';
}

// Where the element or attribute ends whose name is at `at`; npos when it does not.
std::size_t end_of_property(std::string_view xmp, std::size_t at, std::string_view name) {
    if (at > 0 && xmp[at - 1] == '<') {
        const auto tag_end = xmp.find('>', at);
        if (tag_end == xmp.npos || xmp[tag_end - 1] == '/') return tag_end;
        const auto close = xmp.find("</" + std::string(name), tag_end);
        return close == xmp.npos ? close : xmp.find('>', close);
    }
    const auto quote = xmp.find_first_of("\"'", at + name.size());
    return quote == xmp.npos ? quote : xmp.find(xmp[quote], quote + 1);
}

// Properties of the exif schema whose names begin with GPS, whatever prefix the packet calls it by:
// spaces in XML's own places change no other meaning.
bool blank_gps_properties(Span packet) {
    const std::string_view xmp = text_of(packet);
    bool is_changed = false;
    for (std::size_t at = 0; (at = xmp.find(":GPS", at)) != xmp.npos;) {
        std::size_t begin = at, end = at + 4;
        while (begin > 0 && is_name_character(xmp[begin - 1])) --begin;
        while (end < xmp.size() && is_name_character(xmp[end])) ++end;
        const std::string_view name = xmp.substr(begin, end - begin);
        const std::size_t last = end_of_property(xmp, begin, name);
        const bool is_element = begin > 0 && xmp[begin - 1] == '<';
        at = end;
        if (last == xmp.npos) continue;
        const std::size_t from = is_element ? begin - 1 : begin;
        std::ranges::fill(packet.subspan(from, last + 1 - from), std::uint8_t{' '});
        at = last + 1;
        is_changed = true;
    }
    return is_changed;
}

bool strip_exif_blocks(Span file, bool with_maker_notes) {
    constexpr auto kMark = "Exif\0\0"sv;
    constexpr std::size_t kMostBytes = 1 << 20;
    bool is_changed = false;
    int blocks = 0;
    const std::string_view text = text_of(file);
    for (std::size_t at = 0; (at = text.find(kMark, at)) != text.npos && blocks < kMaxBlocks;) {
        at += kMark.size();
        Span block = file.subspan(at);
        if (!is_tiff(block)) continue;
        // A JPEG's segment says how long it is; elsewhere the offsets have to.
        std::size_t bytes = std::min(block.size(), kMostBytes);
        if (at >= 10 && file[at - 10] == 0xFF && file[at - 9] == 0xE1) {
            const std::size_t segment = std::size_t{file[at - 8]} << 8 | file[at - 7];
            bytes = std::min(bytes, segment > 8 ? segment - 8 : 0);
        }
        is_changed |= ExifBlock(block.first(bytes)).strip(with_maker_notes);
        ++blocks;
    }
    return is_changed;
}

bool strip_xmp_packets(Span file) {
    constexpr auto kBegin = "<x:xmpmeta"sv, kEnd = "</x:xmpmeta>"sv;
    constexpr auto kExtension = "http://ns.adobe.com/xmp/extension/\0"sv;
    bool is_changed = false;
    const std::string_view text = text_of(file);
    std::size_t end = 0;
    for (std::size_t at = 0; (at = text.find(kBegin, at)) != text.npos; at = end) {
        end = text.find(kEnd, at);
        if (end == text.npos) end = text.size();
        is_changed |= blank_gps_properties(file.subspan(at, end - at));
    }
    // Parts of a packet that is too long for one segment.
    for (std::size_t at = 0; (at = text.find(kExtension, at)) != text.npos;
         at += kExtension.size()) {
        if (at < 2) continue;
        const std::size_t segment = std::size_t{file[at - 2]} << 8 | file[at - 1];
        is_changed |= blank_gps_properties(file.subspan(at, std::min(segment, file.size() - at)));
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
        if (is(type, "EXIF") && is_tiff(payload))
            is_changed |= ExifBlock(payload).strip(with_maker_notes);
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
    if (is(type, "eXIf") && is_tiff(payload)) changed = ExifBlock(payload).strip(with_maker_notes);
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

}  // namespace

std::optional<std::string> strip_location(Bytes picture, Format format, bool with_maker_notes) {
    if (format == Format::kPng) return strip_png(picture, with_maker_notes);
    constexpr std::array kKnown{
        Format::kJpeg, Format::kWebp, Format::kHeic, Format::kAvif, Format::kTiff
    };
    if (std::ranges::find(kKnown, format) == kKnown.end()) return std::nullopt;
    std::string out(text_of(picture));
    const Span file(reinterpret_cast<std::uint8_t*>(out.data()), out.size());
    bool is_changed = strip_exif_blocks(file, with_maker_notes);
    is_changed |= strip_xmp_packets(file);
    if (format == Format::kWebp) is_changed |= strip_webp_exif(file, with_maker_notes);
    if (format == Format::kTiff && is_tiff(file))
        is_changed |= ExifBlock(file).strip(with_maker_notes);
    return is_changed ? std::optional(std::move(out)) : std::nullopt;
}

}  // namespace pixgate::imaging
