#include "imaging/strip_location_exif.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace pixgate::imaging {
namespace {

using namespace std::string_view_literals;

constexpr std::uint16_t kTagExifDirectory = 0x8769, kTagGpsDirectory = 0x8825,
                        kTagMakerNote = 0x927C;
// As many as a picture may have pages; rings of them end here too.
constexpr int kMaxDirectories = 2'000;
constexpr std::uint16_t kTypeLong8 = 16, kTypeDirectory8 = 18;

bool is_big(Bytes block) {
    return starts_with(block, "II+\0"sv) || starts_with(block, "MM\0+"sv);
}

std::uint64_t value_bytes(std::uint16_t type, std::uint64_t count) {
    constexpr std::array<std::uint8_t, 19> kBytes{0, 1, 1, 2, 4, 8, 1, 1, 2, 4,
                                                  8, 4, 8, 4, 0, 0, 8, 8, 8};
    std::uint64_t bytes = 0;
    if (type >= kBytes.size()) return 0;
    return __builtin_mul_overflow(std::uint64_t{kBytes.at(type)}, count, &bytes) ? UINT64_MAX
                                                                                 : bytes;
}

class ExifBlock {
public:
    explicit ExifBlock(std::span<std::uint8_t> block)
        : block_(block), endian_(block[0] == 'I' ? Endian::kLittle : Endian::kBig) {
        if (!is_big(block)) return;
        offset_bytes_ = count_bytes_ = 8;
        entry_bytes_ = 20;
    }

    bool strip(bool with_maker_notes) {
        ByteReader reader = reader_at(offset_bytes_);
        std::uint64_t directory = reader.number(offset_bytes_);
        for (int i = 0; i < kMaxDirectories && reader.ok() && directory != 0; ++i) {
            take_entries(directory, kTagGpsDirectory);
            if (with_maker_notes) strip_maker_notes(directory);
            directory = next_of(directory);
        }
        return is_changed_;
    }

private:
    struct Entry {
        std::size_t at = 0;
        std::uint16_t tag = 0, type = 0;
        std::uint64_t bytes = 0, pointer = 0;
    };

    ByteReader reader_at(std::uint64_t at) const {
        ByteReader reader(block_, endian_);
        reader.seek(at);
        return reader;
    }

    // 0 where the directory is not whole.
    std::size_t entries_of(std::uint64_t directory) const {
        ByteReader reader = reader_at(directory);
        const std::uint64_t entries = reader.number(count_bytes_);
        const bool is_whole = reader.ok() && entries <= reader.remaining() / entry_bytes_;
        return is_whole ? static_cast<std::size_t>(entries) : 0;
    }

    Entry entry_of(std::uint64_t directory, std::size_t index) const {
        Entry entry;
        entry.at = static_cast<std::size_t>(directory) + count_bytes_ + index * entry_bytes_;
        ByteReader reader = reader_at(entry.at);
        entry.tag = reader.u16();
        entry.type = reader.u16();
        entry.bytes = value_bytes(entry.type, reader.number(offset_bytes_));
        const bool is_wide = entry.bytes > offset_bytes_ || entry.type == kTypeLong8 ||
                             entry.type == kTypeDirectory8;
        entry.pointer = reader.number(is_wide ? offset_bytes_ : 4);
        return entry;
    }

    std::uint64_t next_of(std::uint64_t directory) const {
        const std::uint64_t entries = reader_at(directory).number(count_bytes_);
        if (entries > block_.size()) return 0;
        ByteReader reader = reader_at(directory);
        reader.skip(count_bytes_ + entries * entry_bytes_);
        const auto next = reader.number(offset_bytes_);
        return reader.ok() ? next : 0;
    }

    void zero(std::uint64_t at, std::uint64_t bytes) {
        if (at >= block_.size()) return;
        const auto part = block_.subspan(
            static_cast<std::size_t>(at),
            static_cast<std::size_t>(std::min<std::uint64_t>(bytes, block_.size() - at))
        );
        std::ranges::fill(part, std::uint8_t{0});
    }

    void zero_directory(std::uint64_t directory) {
        const std::size_t entries = entries_of(directory);
        for (std::size_t i = 0; i < entries; ++i) {
            const Entry entry = entry_of(directory, i);
            if (entry.bytes > offset_bytes_) zero(entry.pointer, entry.bytes);
        }
        zero(directory, count_bytes_ + entries * entry_bytes_ + offset_bytes_);
    }

    void move(std::size_t from, std::size_t to, std::size_t bytes) {
        const auto part = block_.subspan(from, bytes);
        std::copy(part.begin(), part.end(), block_.begin() + static_cast<std::ptrdiff_t>(to));
    }

    // The entries of this tag go, with what they point to; the others move up.
    void take_entries(std::uint64_t directory, std::uint16_t tag) {
        const std::size_t entries = entries_of(directory);
        std::vector<Entry> taken;
        std::size_t to = static_cast<std::size_t>(directory) + count_bytes_;
        for (std::size_t i = 0; i < entries; ++i) {
            const Entry entry = entry_of(directory, i);
            if (entry.tag == tag) {
                taken.push_back(entry);
                continue;
            }
            if (to != entry.at) move(entry.at, to, entry_bytes_);
            to += entry_bytes_;
        }
        if (taken.empty()) return;
        is_changed_ = true;
        const std::size_t end = to + taken.size() * entry_bytes_;
        const std::size_t next_bytes = std::min(offset_bytes_, block_.size() - end);
        move(end, to, next_bytes);
        zero(to + next_bytes, end - to);
        put_count(static_cast<std::size_t>(directory), entries - taken.size());
        // Only now: a pointer to its own directory must not bring an entry back.
        for (const Entry& entry : taken) {
            if (tag == kTagGpsDirectory)
                zero_directory(entry.pointer);
            else if (entry.bytes > offset_bytes_)
                zero(entry.pointer, entry.bytes);
        }
    }

    void strip_maker_notes(std::uint64_t directory) {
        const std::size_t entries = entries_of(directory);
        for (std::size_t i = 0; i < entries; ++i) {
            const Entry entry = entry_of(directory, i);
            if (entry.tag == kTagExifDirectory) return take_entries(entry.pointer, kTagMakerNote);
        }
    }

    void put_count(std::size_t at, std::uint64_t value) {
        for (std::size_t i = 0; i < count_bytes_; ++i) {
            const std::size_t place = endian_ == Endian::kBig ? count_bytes_ - 1 - i : i;
            block_[at + place] = static_cast<std::uint8_t>(value >> 8 * i & 0xFF);
        }
    }

    std::span<std::uint8_t> block_;
    Endian endian_;
    std::size_t offset_bytes_ = 4, count_bytes_ = 2, entry_bytes_ = 12;
    bool is_changed_ = false;
};

}  // namespace

bool is_tiff(Bytes block) {
    return starts_with(block, "II*\0"sv) || starts_with(block, "MM\0*"sv) || is_big(block);
}

bool strip_exif(std::span<std::uint8_t> block, bool with_maker_notes) {
    return ExifBlock(block).strip(with_maker_notes);
}

}  // namespace pixgate::imaging
