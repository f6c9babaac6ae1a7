// Reads numbers out of untrusted bytes without ever leaving them. A read past the end gives 0 and
// makes ok() false for good, so that a parser may read a whole structure and ask once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pixgate::imaging {

using Bytes = std::span<const std::uint8_t>;

enum class Endian : std::uint8_t { kBig, kLittle };

class ByteReader {
public:
    explicit ByteReader(Bytes data, Endian endian = Endian::kBig) : data_(data), endian_(endian) {}

    bool ok() const { return ok_; }
    std::size_t position() const { return position_; }
    std::size_t remaining() const { return data_.size() - position_; }

    std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u24() { return static_cast<std::uint32_t>(number(3)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
    std::uint64_t u64() { return number(8); }
    std::uint64_t number(std::size_t bytes);  // 0 to 8 bytes

    Bytes take(std::uint64_t bytes);  // empty, and not ok, when there are fewer
    void skip(std::uint64_t bytes) { take(bytes); }
    void seek(std::uint64_t position);  // from the start of the data

private:
    Bytes data_;
    std::size_t position_ = 0;
    Endian endian_;
    bool ok_ = true;
};

inline Bytes ByteReader::take(std::uint64_t bytes) {
    if (!ok_ || bytes > remaining()) {
        ok_ = false;
        return {};
    }
    const Bytes out = data_.subspan(position_, static_cast<std::size_t>(bytes));
    position_ += out.size();
    return out;
}

inline std::uint64_t ByteReader::number(std::size_t bytes) {
    std::uint64_t value = 0;
    const Bytes raw = take(bytes);
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const std::size_t at = endian_ == Endian::kBig ? i : raw.size() - 1 - i;
        value = value << 8 | raw[at];
    }
    return value;
}

inline void ByteReader::seek(std::uint64_t position) {
    if (position > data_.size()) {
        ok_ = false;
        return;
    }
    position_ = static_cast<std::size_t>(position);
}

inline bool starts_with(Bytes data, std::string_view prefix, std::size_t at = 0) {
    if (at > data.size() || data.size() - at < prefix.size()) return false;
    for (std::size_t i = 0; i < prefix.size(); ++i) {
        if (data[at + i] != static_cast<std::uint8_t>(prefix[i])) return false;
    }
    return true;
}

inline bool is(Bytes data, std::string_view text) {
    return data.size() == text.size() && starts_with(data, text);
}

}  // namespace pixgate::imaging
