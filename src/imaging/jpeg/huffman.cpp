#include "imaging/jpeg/huffman.h"

#include <algorithm>

namespace pixgate::imaging::jpeg {
namespace {

constexpr std::uint32_t kLargestDcSize = 15;
constexpr std::uint32_t kZeroRun = 15;

// Calls put(first window, windows, code length, symbol) for each code that a window can hold.
template <class Put>
void for_each_code(const HuffmanSpec& spec, unsigned window_bits, Put put) {
    std::uint32_t code = 0;
    std::size_t index = 0;
    for (unsigned length = 1; length <= window_bits; ++length) {
        for (unsigned i = 0; i < spec.counts[length]; ++i, ++code, ++index) {
            const unsigned spare_bits = window_bits - length;
            put(code << spare_bits, 1U << spare_bits, length, unsigned{spec.symbols[index]});
        }
        code <<= 1;
    }
}

// One AC symbol: how far it leads, and the bits of it and its coefficient.
struct Step {
    std::uint8_t code_bits = 0;  // 0: the window holds no whole code
    std::uint8_t bits = 0;
    std::uint16_t advance = 0;
};

Step step_of(unsigned code_bits, unsigned symbol) {
    const std::uint32_t run = symbol >> 4, size = symbol & 15;
    const bool is_end = size == 0 && run != kZeroRun;
    return {
        static_cast<std::uint8_t>(code_bits), static_cast<std::uint8_t>(code_bits + size),
        static_cast<std::uint16_t>(is_end ? AcTable::kEndOfBlock : run + 1)
    };
}

}  // namespace

bool CanonicalCode::build(const HuffmanSpec& spec) {
    std::int32_t code = 0, index = 0;
    for (unsigned length = 1; length <= 16; ++length) {
        const std::int32_t count = spec.counts[length];
        first_code_[length] = code;
        first_index_[length] = index;
        last_code_[length] = count == 0 ? -1 : code + count - 1;
        code += count;
        index += count;
        // A code of ones alone is not allowed, either.
        if (index > 256 || code >= std::int32_t{1} << length) return false;
        code <<= 1;
    }
    symbols_ = spec.symbols;
    return true;
}

CanonicalCode::Found CanonicalCode::find(std::uint32_t window) const {
    for (unsigned length = 1; length <= 16; ++length) {
        const auto code = static_cast<std::int32_t>((window & 0xFFFF) >> (16 - length));
        if (code > last_code_[length]) continue;
        // build() saw that codes of one length are not below the first: 0 <= offset < 256.
        const std::int32_t at = first_index_[length] + code - first_code_[length];
        if (at < 0 || at >= 256) return {};
        return {length, symbols_[static_cast<std::size_t>(at)]};
    }
    return {};
}

bool SymbolTable::build(const HuffmanSpec& spec) {
    if (!code.build(spec)) return false;
    entries.fill(0);
    for_each_code(spec, kWindowBits, [&](auto first, auto windows, auto length, auto symbol) {
        std::fill_n(
            entries.begin() + first, windows, static_cast<std::uint16_t>(length | symbol << 5)
        );
    });
    return true;
}

bool DcTable::build(const HuffmanSpec& spec) {
    std::size_t total = 0;
    for (const auto count : spec.counts) total += count;
    for (std::size_t i = 0; i < std::min(total, spec.symbols.size()); ++i) {
        if (spec.symbols[i] > kLargestDcSize) return false;
    }
    return SymbolTable::build(spec);
}

bool AcTable::build(const HuffmanSpec& spec) {
    if (!code.build(spec)) return false;
    constexpr std::uint32_t kMask = (1U << kWindowBits) - 1;
    std::array<Step, std::size_t{1} << kWindowBits> single{};
    for_each_code(spec, kWindowBits, [&](auto first, auto windows, auto length, auto symbol) {
        std::fill_n(single.begin() + first, windows, step_of(length, symbol));
    });
    for (std::uint32_t window = 0; window <= kMask; ++window) {
        std::uint32_t bits = 0, advance = 0;
        // The last code has to be in the window as a whole; the bits of its coefficient need not.
        while (bits < kWindowBits && advance < kEndOfBlock) {
            const Step& step = single[window << bits & kMask];
            if (step.code_bits == 0 || bits + step.code_bits > kWindowBits) break;
            bits += step.bits;
            advance += step.advance;
        }
        if (bits == 0) advance = kNotHere;
        entries[window] = static_cast<std::uint16_t>(bits | advance << 5);
    }
    return true;
}

}  // namespace pixgate::imaging::jpeg
