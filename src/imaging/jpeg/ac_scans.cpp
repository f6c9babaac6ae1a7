#include <algorithm>
#include <bit>

#include "imaging/jpeg/mcus.h"
#include "imaging/jpeg/scans.h"

namespace pixgate::imaging::jpeg {
namespace {

constexpr std::uint32_t kZeroRun = 15;
constexpr std::uint32_t kLargestBits = 15;  // of a coefficient, with what is shifted in below

struct Symbol {
    std::uint32_t run = 0, size = 0;
};

// One AC symbol without the bits that follow it; false where there is no such code.
[[gnu::always_inline]] inline bool read_symbol(
    Bits& bits, const SymbolTable& table, Symbol& symbol
) {
    bits.refill();
    const std::uint32_t entry = table.entries[bits.peek(SymbolTable::kWindowBits)];
    std::uint32_t length = entry & 31, value = entry >> 5;
    if (entry == 0) [[unlikely]] {
        const auto found = table.code.find(bits.peek(16));
        if (found.length_bits == 0) return false;
        length = found.length_bits;
        value = found.symbol;
    }
    bits.skip(length);
    symbol = {value >> 4, value & 15};
    return true;
}

// How many blocks the end of this one stands for, itself included; 40 bits are left.
std::uint32_t read_empty_blocks(Bits& bits, std::uint32_t run) {
    std::uint32_t blocks = 1U << run;
    if (run != 0) {
        blocks += bits.peek(run);
        bits.skip(run);
    }
    return blocks;
}

// The coefficients first to last as a mask.
std::uint64_t mask_of(std::uint32_t first, std::uint32_t last) {
    return first > last ? 0 : ~std::uint64_t{0} << first & ~std::uint64_t{0} >> (63 - last);
}

void skip_many(Bits& bits, unsigned count) {  // at most 64
    for (unsigned left = count; left > 0;) {
        const unsigned now = std::min(left, 32U);
        bits.refill();
        bits.skip(now);
        left -= now;
    }
}

// Ah is 0: coefficients that had no bits yet.
struct FirstAcMcu {
    const SymbolTable& table;
    const std::int16_t* dc;
    std::uint64_t* nonzero;
    std::uint32_t first, last, low;

    bool operator()(Bits& bits, McuPlan& plan) const {
        std::uint64_t& block = nonzero[plan.blocks[0].out - dc];
        plan.blocks[0].out += plan.blocks[0].advance;
        if (plan.empty_blocks > 0) {
            --plan.empty_blocks;
            return true;
        }
        for (std::uint32_t at = first; at <= last;) {
            Symbol symbol;
            if (!read_symbol(bits, table, symbol)) return false;
            if (symbol.size == 0 && symbol.run != kZeroRun) {
                plan.empty_blocks = read_empty_blocks(bits, symbol.run) - 1;
                return true;
            }
            at += symbol.run;
            if (at > last || symbol.size + low > kLargestBits) return false;
            if (symbol.size != 0) block |= std::uint64_t{1} << at;
            bits.skip(symbol.size);
            ++at;
        }
        return true;
    }
};

// One more bit for coefficients that are not zero, and those that become so.
struct NextAcMcu {
    const SymbolTable& table;
    const std::int16_t* dc;
    std::uint64_t* nonzero;
    std::uint32_t first, last;

    bool operator()(Bits& bits, McuPlan& plan) const {
        std::uint64_t& block = nonzero[plan.blocks[0].out - dc];
        plan.blocks[0].out += plan.blocks[0].advance;
        std::uint32_t at = first;
        const std::uint64_t before = block;
        while (plan.empty_blocks == 0 && at <= last) {
            Symbol symbol;
            if (!read_symbol(bits, table, symbol) || symbol.size > 1) return false;
            if (symbol.size == 0 && symbol.run != kZeroRun) {
                plan.empty_blocks = read_empty_blocks(bits, symbol.run);
                break;
            }
            bits.skip(symbol.size);  // the sign
            const std::uint32_t from = at;
            for (std::uint32_t zeros = symbol.run; at <= last; ++at) {
                if ((before >> at & 1) == 0 && zeros-- == 0) break;
            }
            skip_many(bits, corrections(before, from, at));
            if (symbol.size != 0) {
                if (at > last) return false;
                block |= std::uint64_t{1} << at;
            }
            ++at;
        }
        if (plan.empty_blocks > 0) {
            skip_many(bits, corrections(before, at, last + 1));
            --plan.empty_blocks;
        }
        return true;
    }

    // Bits that correct what was there from `from` to before `to`.
    static unsigned corrections(std::uint64_t block, std::uint32_t from, std::uint32_t to) {
        return from >= to ? 0 : static_cast<unsigned>(std::popcount(block & mask_of(from, to - 1)));
    }
};

}  // namespace

Verdict read_ac_scan(
    Bytes data, const Scan& scan, Frame& frame, Tables& tables, std::size_t& position
) {
    Component& component = frame.components[scan.parts[0].component];
    Verdict verdict;
    const SymbolTable* table = tables.ac_symbols(scan.parts[0].ac_table, verdict);
    if (table == nullptr) return verdict;
    for (std::uint32_t i = scan.first; i <= scan.last; ++i) {
        // Where libjpeg merely warns of bogus progression.
        if (scan.high != static_cast<std::uint32_t>(std::max<int>(component.ac_shift[i], 0)))
            return broken("order of scans");
        component.ac_shift[i] = static_cast<std::int8_t>(scan.low);
    }
    component.nonzero.resize(component.dc.size());
    McuPlan plan;
    plan_size(scan, frame, plan);
    const auto interval = tables.restart_interval();
    if (scan.high == 0) {
        const FirstAcMcu mcu{*table,     component.dc.data(), component.nonzero.data(),
                             scan.first, scan.last,           scan.low};
        return read_mcus(data, scan, frame, plan, interval, position, mcu);
    }
    const NextAcMcu mcu{
        *table, component.dc.data(), component.nonzero.data(), scan.first, scan.last
    };
    return read_mcus(data, scan, frame, plan, interval, position, mcu);
}

}  // namespace pixgate::imaging::jpeg
