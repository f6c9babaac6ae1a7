#include "imaging/jpeg/scans.h"

#include "imaging/jpeg/mcus.h"

namespace pixgate::imaging::jpeg {
namespace {

constexpr std::uint32_t kBlockCoefficients = 64;
constexpr std::uint32_t kMaxSkipBits = 31;

Verdict plan_tables(const Scan& scan, const Frame& frame, Tables& tables, McuPlan& plan) {
    std::size_t at = 0;
    Verdict verdict;
    for (std::size_t i = 0; i < scan.part_count; ++i) {
        const Scan::Part& part = scan.parts[i];
        const Component& component = frame.components[part.component];
        const DcTable* dc = nullptr;
        const AcTable* ac = nullptr;
        if (scan.high == 0 || !frame.is_progressive) dc = tables.dc(part.dc_table, verdict);
        if (!frame.is_progressive) ac = tables.ac(part.ac_table, verdict);
        if (!verdict.is_good()) return verdict;
        const std::uint32_t blocks = scan.part_count == 1 ? 1 : component.h * component.v;
        for (std::uint32_t j = 0; j < blocks; ++j, ++at) {
            plan.blocks[at].dc_table = dc;
            plan.blocks[at].ac_table = ac;
            plan.blocks[at].predictor = &plan.predictors[i];
        }
    }
    return {};
}

// The difference of a DC coefficient; false where its code is in no table. Uses 31 bits at most.
[[gnu::always_inline]] inline bool read_difference(
    Bits& bits, const DcTable& table, std::int32_t& difference
) {
    bits.refill();
    const std::uint32_t entry = table.entries[bits.peek(DcTable::kWindowBits)];
    std::uint32_t length = entry & 31, size = entry >> 5;
    if (entry == 0) [[unlikely]] {
        const auto found = table.code.find(bits.peek(16));
        if (found.length_bits == 0) return false;
        length = found.length_bits;
        size = found.symbol;
    }
    const std::uint64_t rest = bits.buffer << length;
    const auto raw = static_cast<std::int32_t>(rest >> 1 >> (63 - size));
    // A leading zero bit means a negative number.
    const std::int32_t is_negative = static_cast<std::int32_t>(rest >> 63) - 1;
    difference = raw - (is_negative & ((std::int32_t{1} << size) - 1));
    bits.skip(length + size);
    return true;
}

// One symbol by its code; `at` is the next coefficient.
bool pass_one_symbol(Bits& bits, const AcTable& table, std::uint32_t& at) {
    const auto found = table.code.find(bits.peek(16));
    if (found.length_bits == 0) return false;
    const std::uint32_t run = found.symbol >> 4, size = found.symbol & 15;
    bits.skip(found.length_bits + size);
    at = size == 0 && run != 15 ? kBlockCoefficients : at + run + 1;
    return at <= kBlockCoefficients;
}

// Passes over the AC coefficients of a block; false where there is no such code, or more than 63.
[[gnu::always_inline]] inline bool pass_ac(Bits& bits, const AcTable& table) {
    std::uint32_t at = 1;
    for (;;) {
        Bits before = bits;
        std::uint32_t before_at = at;
        while (at < kBlockCoefficients) {
            bits.refill();
            before = bits;
            before_at = at;
            const std::uint32_t entry = table.entries[bits.peek(AcTable::kWindowBits)];
            bits.skip(entry & kMaxSkipBits);
            at += entry >> 5;
        }
        const bool is_whole = at == kBlockCoefficients;
        const bool is_ended =
            at > AcTable::kEndOfBlock && at < AcTable::kEndOfBlock + kBlockCoefficients;
        if (is_whole || is_ended) [[likely]]
            return true;
        // The look went beyond the block's end, into what means something else: step by step.
        bits = before;
        at = before_at;
        if (!pass_one_symbol(bits, table, at)) return false;
        if (at == kBlockCoefficients) return true;
    }
}

// One MCU of a sequential scan. False where a code is in no table or DC leaves 16 bits.
struct SequentialMcu {
    [[gnu::always_inline]] bool operator()(Bits& bits, McuPlan& plan) const {
        for (std::size_t i = 0; i < plan.block_count; ++i) {
            BlockPlan& block = plan.blocks[i];
            std::int32_t difference = 0;
            if (!read_difference(bits, *block.dc_table, difference)) return false;
            const std::int32_t value = *block.predictor + difference;
            *block.predictor = value;
            const auto kept = static_cast<std::int16_t>(value);
            *block.out = kept;
            block.out += block.advance;
            if (kept != value || !pass_ac(bits, *block.ac_table)) return false;
        }
        return true;
    }
};

struct FirstDcMcu {
    std::uint32_t low = 0;
    [[gnu::always_inline]] bool operator()(Bits& bits, McuPlan& plan) const {
        for (std::size_t i = 0; i < plan.block_count; ++i) {
            BlockPlan& block = plan.blocks[i];
            std::int32_t difference = 0;
            if (!read_difference(bits, *block.dc_table, difference)) return false;
            const std::int32_t value = *block.predictor + difference;
            *block.predictor = value;
            *block.out = static_cast<std::int16_t>(static_cast<std::uint32_t>(value) << low);
            block.out += block.advance;
            if (value != static_cast<std::int16_t>(value)) return false;
        }
        return true;
    }
};

struct NextDcMcu {
    std::uint32_t low = 0;
    [[gnu::always_inline]] bool operator()(Bits& bits, McuPlan& plan) const {
        bits.refill();  // one bit for each of at most 10 blocks
        for (std::size_t i = 0; i < plan.block_count; ++i) {
            BlockPlan& block = plan.blocks[i];
            const std::uint32_t bit = bits.peek(1);
            bits.skip(1);
            *block.out = static_cast<std::int16_t>(*block.out | static_cast<int>(bit << low));
            block.out += block.advance;
        }
        return true;
    }
};

}  // namespace

Verdict read_sequential_scan(
    Bytes data, const Scan& scan, Frame& frame, Tables& tables, std::size_t& position
) {
    McuPlan plan;
    plan_size(scan, frame, plan);
    const auto verdict = plan_tables(scan, frame, tables, plan);
    if (!verdict.is_good()) return verdict;
    return read_mcus(data, scan, frame, plan, tables.restart_interval(), position, SequentialMcu{});
}

Verdict read_dc_scan(
    Bytes data, const Scan& scan, Frame& frame, Tables& tables, std::size_t& position
) {
    McuPlan plan;
    plan_size(scan, frame, plan);
    const auto verdict = plan_tables(scan, frame, tables, plan);
    if (!verdict.is_good()) return verdict;
    const auto interval = tables.restart_interval();
    if (scan.high == 0)
        return read_mcus(data, scan, frame, plan, interval, position, FirstDcMcu{scan.low});
    return read_mcus(data, scan, frame, plan, interval, position, NextDcMcu{scan.low});
}

}  // namespace pixgate::imaging::jpeg
