// The bits of entropy-coded data, without stuffed bytes, up to the next marker. For the readers of
// this folder.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "imaging/byte_reader.h"

namespace pixgate::imaging::jpeg {

// Where reading is. Kept in registers by the loops; EntropySource makes sure that what it reads
// exists, once for each MCU.
struct Bits {
    const std::uint8_t* next = nullptr;
    std::uint64_t buffer = 0;  // its uppermost `count` bits are the next ones
    std::uint32_t count = 0;

    // At least 56 bits after this.
    void refill() {
        std::uint64_t word = 0;
        std::memcpy(&word, next, sizeof word);
        if constexpr (std::endian::native == std::endian::little) word = __builtin_bswap64(word);
        buffer |= word >> count;
        next += (63 - count) >> 3;
        count |= 56;
    }
    std::uint32_t peek(unsigned bits) const {  // 1 to 32
        return static_cast<std::uint32_t>(buffer >> (64 - bits));
    }
    void skip(unsigned bits) {  // at most `count`
        buffer <<= bits;
        count -= bits;
    }
};

class EntropySource {
public:
    // More than an MCU can use: 10 blocks of 64 symbols of at most 31 bits, and one refill.
    static constexpr std::size_t kLookaheadBytes = (10 * 64 * 31) / 8 + 16;

    explicit EntropySource(Bytes data);

    // Begins behind an SOS segment or an RST marker.
    Bits begin(std::size_t position);

    // Called before each MCU and after the last one. False where more bits were used than there are
    // before the next marker. After it kLookaheadBytes can be read; zeros follow the last byte.
    bool has_more(Bits& bits) {
        if (end_ - bits.next >= static_cast<std::ptrdiff_t>(kLookaheadBytes)) [[likely]]
            return true;
        return continue_with(bits);
    }

    // The position of the marker that ends this data, or the size of all data where none does.
    std::size_t end_position();

private:
    void fill();
    bool continue_with(Bits& bits);

    static constexpr std::size_t kChunkBytes = std::size_t{16} << 10;
    // `next` may stand some bytes behind the last one when an MCU begins, and a refill reads 8.
    static constexpr std::size_t kPaddingBytes = kLookaheadBytes + 64;

    Bytes data_;
    std::size_t position_ = 0;
    bool is_ended_ = false;  // a marker, or the end of the data, stands at position_
    std::vector<std::uint8_t> chunk_;
    std::uint8_t* end_ = nullptr;  // of what the chunk holds
};

// The position of the next marker's 0xFF that is neither a stuffed byte nor fill; the size of the
// data where there is none. With `over_restarts`, RST markers are passed over too.
std::size_t find_marker(Bytes data, std::size_t from, bool over_restarts);

}  // namespace pixgate::imaging::jpeg
