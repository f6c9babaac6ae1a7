#include "imaging/jpeg/huffman.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <random>

namespace pixgate::imaging::jpeg {
namespace {

HuffmanSpec spec_of(
    std::initializer_list<std::uint8_t> counts, std::initializer_list<std::uint8_t> symbols
) {
    HuffmanSpec spec;
    spec.is_defined = true;
    std::size_t at = 1;
    for (const auto count : counts) spec.counts[at++] = count;
    at = 0;
    for (const auto symbol : symbols) spec.symbols[at++] = symbol;
    return spec;
}

// Lengths of a random code with room left at its end, and any symbols.
HuffmanSpec random_spec(std::minstd_rand& random) {
    HuffmanSpec spec;
    spec.is_defined = true;
    std::uint32_t room = 1, total = 0;
    for (std::size_t length = 1; length <= 16; ++length) {
        room *= 2;
        const std::uint32_t most = std::min({room - 1, 256 - total, 40U});
        const auto count = static_cast<std::uint32_t>(random()) % (most + 1) / (length < 6 ? 2 : 1);
        spec.counts[length] = static_cast<std::uint8_t>(count);
        room -= count;
        total += count;
    }
    for (auto& symbol : spec.symbols) symbol = static_cast<std::uint8_t>(random());
    return spec;
}

TEST(JpegHuffman, TablesThatAreNoPrefixCodeAreRefused) {
    CanonicalCode code;
    EXPECT_TRUE(code.build(spec_of({1, 1}, {0, 1})));
    EXPECT_TRUE(code.build(spec_of({}, {})));
    EXPECT_FALSE(code.build(spec_of({2}, {0, 1})));     // one of them is ones alone
    EXPECT_FALSE(code.build(spec_of({1, 2}, {0, 1})));  // here too
    EXPECT_FALSE(code.build(spec_of({3}, {0, 1, 2})));
    EXPECT_FALSE(code.build(spec_of({1, 1, 3}, {0, 1, 2, 3, 4})));
}

TEST(JpegHuffman, DcDifferencesHaveAtMost15Bits) {
    DcTable table;
    EXPECT_TRUE(table.build(spec_of({1}, {15})));
    EXPECT_FALSE(table.build(spec_of({1}, {16})));
}

TEST(JpegHuffman, ACodeIsFoundByItsFirstBits) {
    CanonicalCode code;
    ASSERT_TRUE(code.build(spec_of({1, 1, 0, 1}, {7, 8, 9})));
    EXPECT_EQ(code.find(0x0000).symbol, 7U);
    EXPECT_EQ(code.find(0x7FFF).length_bits, 1U);
    EXPECT_EQ(code.find(0x8000).symbol, 8U);
    EXPECT_EQ(code.find(0xC000).symbol, 9U);
    EXPECT_EQ(code.find(0xCFFF).length_bits, 4U);
    EXPECT_EQ(code.find(0xD000).length_bits, 0U);
    EXPECT_EQ(code.find(0xFFFF).length_bits, 0U);
}

TEST(JpegHuffman, SeveralSymbolsAtOnceLeadWhereOneByOneLeads) {
    std::minstd_rand random(7);
    const auto table = std::make_unique<AcTable>();
    for (int round = 0; round < 60; ++round) {
        ASSERT_TRUE(table->build(random_spec(random)));
        for (std::uint32_t window = 0; window < table->entries.size(); ++window) {
            const std::uint32_t entry = table->entries[window];
            const std::uint32_t bits = entry & 31, advance = entry >> 5;
            std::uint32_t passed = 0, coefficients = 0;
            while (passed < bits && coefficients < AcTable::kEndOfBlock) {
                ASSERT_LT(passed, AcTable::kWindowBits);
                const auto found =
                    table->code.find(window << (16 - AcTable::kWindowBits) << passed);
                ASSERT_NE(found.length_bits, 0U);
                ASSERT_LE(passed + found.length_bits, AcTable::kWindowBits);
                const std::uint32_t run = found.symbol >> 4, size = found.symbol & 15;
                passed += found.length_bits + size;
                coefficients += size == 0 && run != 15 ? AcTable::kEndOfBlock : run + 1;
            }
            ASSERT_EQ(passed, bits);
            ASSERT_EQ(bits == 0 ? AcTable::kNotHere : coefficients, advance);
        }
    }
}

}  // namespace
}  // namespace pixgate::imaging::jpeg
