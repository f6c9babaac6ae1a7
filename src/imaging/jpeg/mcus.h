// The way through a scan, MCU by MCU and over restart markers. For the readers of this folder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "imaging/jpeg/bits.h"
#include "imaging/jpeg/frame.h"

namespace pixgate::imaging::jpeg {

inline constexpr std::size_t kMaxBlocksInMcu = 10;

// One block of the MCU that is read again and again.
struct BlockPlan {
    const DcTable* dc_table = nullptr;
    const AcTable* ac_table = nullptr;
    std::int32_t* predictor = nullptr;
    std::int16_t* out = nullptr;  // in the current MCU
    std::uint32_t advance = 0;    // of `out`, from MCU to MCU
};

struct McuPlan {
    std::size_t block_count = 0;
    std::array<BlockPlan, kMaxBlocksInMcu> blocks;
    std::array<std::int32_t, kMaxComponents> predictors{};
    std::uint32_t empty_blocks = 0;  // that are still to come: EOBRUN of an AC scan
    std::uint32_t mcus_across = 0;
    std::uint32_t mcus_down = 0;

    McuPlan() = default;
    McuPlan(const McuPlan&) = delete;
    McuPlan& operator=(const McuPlan&) = delete;
};

// A scan of one component has one block in an MCU, and none beyond the component's edges.
inline void plan_size(const Scan& scan, const Frame& frame, McuPlan& plan) {
    const Component& alone = frame.components[scan.parts[0].component];
    const bool is_alone = scan.part_count == 1;
    plan.mcus_across = is_alone ? alone.width_blocks : frame.mcus_across;
    plan.mcus_down = is_alone ? alone.height_blocks : frame.mcus_down;
}

// `out` of each block at the beginning of a row of MCUs.
inline void plan_row(const Scan& scan, Frame& frame, std::uint32_t row, McuPlan& plan) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < scan.part_count; ++i) {
        Component& component = frame.components[scan.parts[i].component];
        const std::uint32_t across = scan.part_count == 1 ? 1 : component.h;
        const std::uint32_t down = scan.part_count == 1 ? 1 : component.v;
        for (std::uint32_t y = 0; y < down; ++y) {
            const std::size_t line = std::size_t{row} * down + y;
            for (std::uint32_t x = 0; x < across; ++x, ++at) {
                plan.blocks[at].out = component.dc.data() + line * component.stride_blocks + x;
                plan.blocks[at].advance = across;
            }
        }
    }
    plan.block_count = at;
}

// Behind the restart marker with this number, which has to be the next marker.
inline Verdict pass_restart(Bytes data, std::uint32_t number, std::size_t& position) {
    position = find_marker(data, position, false);
    while (position < data.size() && data[position] == 0xFF) ++position;
    if (position == data.size() || data[position] != 0xD0 + (number & 7))
        return broken("restart marker");
    ++position;
    return {};
}

// Calls mcu(bits, plan) for each MCU of the scan, over restart markers; it gives false where it
// finds no code.
template <class Mcu>
Verdict read_mcus(
    Bytes data,
    const Scan& scan,
    Frame& frame,
    McuPlan& plan,
    std::uint32_t interval,
    std::size_t& position,
    const Mcu mcu
) {
    EntropySource source(data);
    Bits bits = source.begin(position);
    std::uint32_t left = interval != 0 ? interval : std::numeric_limits<std::uint32_t>::max();
    std::uint32_t restarts = 0;
    for (std::uint32_t row = 0; row < plan.mcus_down; ++row) {
        plan_row(scan, frame, row, plan);
        for (std::uint32_t column = 0; column < plan.mcus_across; ++column) {
            if (!source.has_more(bits)) return broken("data of a scan ends early");
            // A picture has fewer MCUs than `left` where there is no interval.
            if (left == 0) [[unlikely]] {
                position = source.end_position();
                if (const auto verdict = pass_restart(data, restarts++, position);
                    !verdict.is_good())
                    return verdict;
                bits = source.begin(position);
                plan.predictors.fill(0);
                plan.empty_blocks = 0;
                left = interval;
            }
            --left;
            if (!mcu(bits, plan)) return broken("code of a scan");
        }
    }
    if (!source.has_more(bits)) return broken("data of a scan ends early");
    position = source.end_position();
    return {};
}

}  // namespace pixgate::imaging::jpeg
