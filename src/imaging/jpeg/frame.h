// What the marker segments of a JPEG say: frame, tables, scans. For the readers of this folder.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "imaging/byte_reader.h"
#include "imaging/jpeg/eighth.h"
#include "imaging/jpeg/huffman.h"

namespace pixgate::imaging::jpeg {

inline constexpr std::size_t kMaxComponents = 3;

// kDecoded: nothing is wrong so far.
struct Verdict {
    EighthStatus status = EighthStatus::kDecoded;
    Refusal refusal = Refusal::kNone;
    const char* detail = "";

    bool is_good() const { return status == EighthStatus::kDecoded; }
};
inline Verdict broken(const char* detail) {
    return {EighthStatus::kRefused, Refusal::kBroken, detail};
}
inline Verdict not_supported(const char* detail) {
    return {EighthStatus::kNotSupported, Refusal::kNone, detail};
}

struct Component {
    std::uint8_t id = 0;
    std::uint32_t h = 1, v = 1;
    std::uint8_t quant_index = 0;
    std::optional<std::int16_t> dc_quant;  // fixed by the component's first scan
    std::uint32_t width_blocks = 0;        // what is shown
    std::uint32_t height_blocks = 0;
    std::uint32_t stride_blocks = 0;  // what interleaved MCUs fill
    std::uint32_t padded_height_blocks = 0;
    std::optional<std::uint32_t> dc_shift;  // Al of the latest DC scan; none: no scan yet
    std::vector<std::int16_t> dc;           // stride_blocks * padded_height_blocks
    // Where the AC scans are read too: for each block of `dc` the AC coefficients that are not
    // zero, and for each coefficient Al of the latest scan that had it (-1: none).
    std::vector<std::uint64_t> nonzero;
    std::array<std::int8_t, 64> ac_shift = unknown_shifts();

    static constexpr std::array<std::int8_t, 64> unknown_shifts() {
        std::array<std::int8_t, 64> shifts{};
        shifts.fill(-1);
        return shifts;
    }
};

struct Frame {
    bool is_present = false;
    bool is_progressive = false;
    std::uint32_t width_px = 0;
    std::uint32_t height_px = 0;
    std::uint32_t mcus_across = 0;  // of an interleaved scan
    std::uint32_t mcus_down = 0;
    std::size_t component_count = 0;
    std::array<Component, kMaxComponents> components;
};

struct Scan {
    struct Part {
        std::size_t component = 0;
        std::uint8_t dc_table = 0;
        std::uint8_t ac_table = 0;
    };
    std::size_t part_count = 0;
    std::array<Part, kMaxComponents> parts;
    std::uint32_t first = 0, last = 0;  // Ss, Se
    std::uint32_t high = 0, low = 0;    // Ah, Al
};

// Quantisation, Huffman tables and restart interval as they are now.
class Tables {
public:
    Verdict read_quantisation(Bytes payload);
    Verdict read_huffman(Bytes payload);
    Verdict read_restart_interval(Bytes payload);

    // Quantiser of the DC coefficient, as libjpeg's multiplier holds it.
    std::optional<std::int16_t> dc_quant(std::uint8_t index) const { return dc_quant_[index & 3]; }
    std::uint32_t restart_interval() const { return restart_interval_; }

    // Ready for reading until the next DHT. Null where there is none or it is no code; `verdict`
    // then says which.
    const DcTable* dc(std::uint8_t index, Verdict& verdict);
    const AcTable* ac(std::uint8_t index, Verdict& verdict);
    const SymbolTable* ac_symbols(std::uint8_t index, Verdict& verdict);

private:
    std::array<std::optional<std::int16_t>, 4> dc_quant_;
    std::array<HuffmanSpec, 4> dc_specs_, ac_specs_;
    std::array<std::unique_ptr<DcTable>, 4> dc_;
    std::array<std::unique_ptr<AcTable>, 4> ac_;
    std::array<std::unique_ptr<SymbolTable>, 4> ac_symbols_;
    std::uint32_t restart_interval_ = 0;
};

// `marker` is one of SOF0 to SOF2. Checks the limits; allocates nothing.
Verdict read_frame(Bytes payload, std::uint8_t marker, const Limits& limits, Frame& frame);
Verdict read_scan(Bytes payload, const Frame& frame, Scan& scan);

}  // namespace pixgate::imaging::jpeg
