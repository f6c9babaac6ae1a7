// Huffman tables of a JPEG: as a DHT segment gives them, and made ready for reading. For the
// readers of this folder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pixgate::imaging::jpeg {

struct HuffmanSpec {
    bool is_defined = false;
    std::array<std::uint8_t, 17> counts{};    // [1..16]: codes of that length
    std::array<std::uint8_t, 256> symbols{};  // in the order of their codes
};

// Code by code, for what the quick tables do not hold.
class CanonicalCode {
public:
    // False where the lengths make no prefix code; the rule is libjpeg's.
    bool build(const HuffmanSpec& spec);

    struct Found {
        std::uint32_t length_bits = 0;  // 0: no such code
        std::uint32_t symbol = 0;
    };
    // `window` holds the next 16 bits.
    Found find(std::uint32_t window) const;

private:
    std::array<std::int32_t, 17> first_code_{};
    std::array<std::int32_t, 17> last_code_{};    // -1: none of that length
    std::array<std::int32_t, 17> first_index_{};  // into symbols_
    std::array<std::uint8_t, 256> symbols_{};
};

// One symbol at each look.
struct SymbolTable {
    static constexpr unsigned kWindowBits = 9;
    // Length of the code, and its symbol << 5; 0: look into `code`.
    std::array<std::uint16_t, std::size_t{1} << kWindowBits> entries{};
    CanonicalCode code;

    bool build(const HuffmanSpec& spec);
};

// Its symbols are the lengths of DC differences, at most 15 bits.
struct DcTable : SymbolTable {
    bool build(const HuffmanSpec& spec);
};

// Steps over AC coefficients, several at each look.
struct AcTable {
    static constexpr unsigned kWindowBits = 13;
    static constexpr std::uint32_t kEndOfBlock = 256;
    static constexpr std::uint32_t kNotHere = 65;
    // Bits to pass over, at most 31, and how far that leads << 5: coefficients, or coefficients +
    // kEndOfBlock. kNotHere << 5: the window holds no whole code.
    std::array<std::uint16_t, std::size_t{1} << kWindowBits> entries{};
    CanonicalCode code;

    bool build(const HuffmanSpec& spec);
};

}  // namespace pixgate::imaging::jpeg
