// Builds binary structures for tests, field by field.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "imaging/byte_reader.h"

namespace pixgate::test {

class ByteBuilder {
public:
    explicit ByteBuilder(imaging::Endian endian = imaging::Endian::kBig) : endian_(endian) {}

    ByteBuilder& text(std::string_view bytes) {
        out_ += bytes;
        return *this;
    }
    ByteBuilder& zeros(std::size_t count) {
        out_.append(count, '\0');
        return *this;
    }
    ByteBuilder& u8(std::uint64_t value) { return number(value, 1); }
    ByteBuilder& u16(std::uint64_t value) { return number(value, 2); }
    ByteBuilder& u24(std::uint64_t value) { return number(value, 3); }
    ByteBuilder& u32(std::uint64_t value) { return number(value, 4); }
    ByteBuilder& u64(std::uint64_t value) { return number(value, 8); }

    const std::string& str() const { return out_; }

private:
    ByteBuilder& number(std::uint64_t value, int bytes) {
        for (int i = 0; i < bytes; ++i) {
            const int shift = endian_ == imaging::Endian::kBig ? 8 * (bytes - 1 - i) : 8 * i;
            out_ += static_cast<char>(value >> shift & 0xFF);
        }
        return *this;
    }

    imaging::Endian endian_;
    std::string out_;
};

inline imaging::Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace pixgate::test
