#include "imaging/jpeg/frame.h"

#include <algorithm>

#include "imaging/probe.h"

namespace pixgate::imaging::jpeg {
namespace {

constexpr std::uint8_t kSof2 = 0xC2;
constexpr std::uint32_t kBlockPx = 8;
constexpr std::uint32_t kLargestSampling = 4;
constexpr std::uint32_t kMaxBlocksInMcu = 10;
constexpr std::size_t kCoefficients = 64;
constexpr std::uint32_t kLargestLow = 13;

std::uint32_t ceil_div(std::uint32_t a, std::uint32_t b) {
    return (a + b - 1) / b;
}

template <class Table>
const Table* ready(std::unique_ptr<Table>& table, const HuffmanSpec& spec, Verdict& verdict) {
    if (table) return table.get();
    if (!spec.is_defined) {
        // libjpeg takes the standard's example tables here, as Motion JPEG wants it.
        verdict = not_supported("no Huffman table");
        return nullptr;
    }
    auto made = std::make_unique<Table>();
    if (!made->build(spec)) {
        verdict = broken("Huffman table");
        return nullptr;
    }
    table = std::move(made);
    return table.get();
}

// Luma has the finest resolution, both chroma planes the same, a whole part of it.
bool is_usual_sampling(const Frame& frame) {
    if (frame.component_count == 1) return true;
    const Component& y = frame.components[0];
    const Component& cb = frame.components[1];
    const Component& cr = frame.components[2];
    const auto is_part = [](std::uint32_t whole, std::uint32_t part) {
        return whole == part || whole == 2 * part || whole == 4 * part;
    };
    return cb.h == cr.h && cb.v == cr.v && is_part(y.h, cb.h) && is_part(y.v, cb.v);
}

Verdict read_components(ByteReader& reader, Frame& frame) {
    std::uint32_t blocks_in_mcu = 0;
    for (std::size_t i = 0; i < frame.component_count; ++i) {
        Component& component = frame.components[i];
        component.id = reader.u8();
        const auto sampling = reader.u8();
        component.h = sampling >> 4;
        component.v = sampling & 15;
        component.quant_index = reader.u8();
        if (component.h == 0 || component.h > kLargestSampling || component.v == 0 ||
            component.v > kLargestSampling)
            return broken("sampling factors");
        blocks_in_mcu += component.h * component.v;
        for (std::size_t j = 0; j < i; ++j) {
            if (frame.components[j].id == component.id) return not_supported("component twice");
        }
    }
    if (frame.component_count > 1 && blocks_in_mcu > kMaxBlocksInMcu) return broken("MCU size");
    return is_usual_sampling(frame) ? Verdict{} : not_supported("sampling factors");
}

void lay_out(Frame& frame) {
    // One component alone is never interleaved, whatever its factors say.
    if (frame.component_count == 1) frame.components[0].h = frame.components[0].v = 1;
    const std::uint32_t max_h = frame.components[0].h, max_v = frame.components[0].v;
    frame.mcus_across = ceil_div(frame.width_px, max_h * kBlockPx);
    frame.mcus_down = ceil_div(frame.height_px, max_v * kBlockPx);
    for (std::size_t i = 0; i < frame.component_count; ++i) {
        Component& component = frame.components[i];
        component.width_blocks = ceil_div(frame.width_px * component.h, max_h * kBlockPx);
        component.height_blocks = ceil_div(frame.height_px * component.v, max_v * kBlockPx);
        component.stride_blocks = frame.mcus_across * component.h;
        component.padded_height_blocks = frame.mcus_down * component.v;
    }
}

Verdict check_progression(const Scan& scan) {
    if (scan.first == 0 && scan.last != 0) return broken("DC and AC in one scan");
    if (scan.first > scan.last || scan.last >= kCoefficients) return broken("band of a scan");
    if (scan.first != 0 && scan.part_count != 1) return broken("interleaved AC scan");
    if (scan.low > kLargestLow || (scan.high != 0 && scan.high != scan.low + 1))
        return broken("bits of a scan");
    return {};
}

}  // namespace

Verdict Tables::read_quantisation(Bytes payload) {
    ByteReader reader(payload);
    while (reader.remaining() > 0) {
        const auto head = reader.u8();
        const std::size_t bytes = head >> 4 == 0 ? 1 : 2;
        if ((head & 15) > 3) return broken("quantisation table number");
        const auto dc = static_cast<std::int16_t>(reader.number(bytes));
        reader.skip((kCoefficients - 1) * bytes);
        if (!reader.ok()) return broken("quantisation table cut short");
        dc_quant_[head & 3] = dc;
    }
    return {};
}

Verdict Tables::read_huffman(Bytes payload) {
    ByteReader reader(payload);
    while (reader.remaining() > 0) {
        const auto head = reader.u8();
        if ((head & 0xEF) > 3) return broken("Huffman table number");
        HuffmanSpec spec;
        spec.is_defined = true;
        std::size_t total = 0;
        for (std::size_t length = 1; length <= 16; ++length) {
            spec.counts[length] = reader.u8();
            total += spec.counts[length];
        }
        if (total > spec.symbols.size()) return broken("Huffman table");
        const Bytes symbols = reader.take(total);
        if (!reader.ok()) return broken("Huffman table cut short");
        std::ranges::copy(symbols, spec.symbols.begin());
        const std::size_t index = head & 3;
        if ((head & 0x10) == 0) {
            dc_specs_[index] = spec;
            dc_[index].reset();
        } else {
            ac_specs_[index] = spec;
            ac_[index].reset();
            ac_symbols_[index].reset();
        }
    }
    return {};
}

Verdict Tables::read_restart_interval(Bytes payload) {
    if (payload.size() != 2) return broken("restart interval");
    restart_interval_ = ByteReader(payload).u16();
    return {};
}

const DcTable* Tables::dc(std::uint8_t index, Verdict& verdict) {
    return ready(dc_[index & 3], dc_specs_[index & 3], verdict);
}

const AcTable* Tables::ac(std::uint8_t index, Verdict& verdict) {
    return ready(ac_[index & 3], ac_specs_[index & 3], verdict);
}

const SymbolTable* Tables::ac_symbols(std::uint8_t index, Verdict& verdict) {
    return ready(ac_symbols_[index & 3], ac_specs_[index & 3], verdict);
}

Verdict read_frame(Bytes payload, std::uint8_t marker, const Limits& limits, Frame& frame) {
    if (frame.is_present) return broken("second frame header");
    ByteReader reader(payload);
    const auto precision_bits = reader.u8();
    frame.height_px = reader.u16();
    frame.width_px = reader.u16();
    frame.component_count = reader.u8();
    if (!reader.ok() || reader.remaining() != 3 * frame.component_count)
        return broken("frame header");
    if (frame.component_count == 0) return broken("no component");
    // The height may come later, in a DNL segment; nobody sends that, and libjpeg takes none.
    if (frame.width_px == 0 || frame.height_px == 0) return broken("size");
    const auto refusal = check_limits(
        limits, frame.width_px, frame.height_px, 1, std::uint64_t{frame.width_px} * frame.height_px
    );
    if (refusal != Refusal::kNone) return {EighthStatus::kRefused, refusal, "size"};
    if (precision_bits != 8) return not_supported("bits of a sample");
    if (frame.component_count != 1 && frame.component_count != 3)
        return not_supported("number of components");
    const Verdict verdict = read_components(reader, frame);
    if (!verdict.is_good()) return verdict;
    lay_out(frame);
    frame.is_progressive = marker == kSof2;
    frame.is_present = true;
    return {};
}

Verdict read_scan(Bytes payload, const Frame& frame, Scan& scan) {
    ByteReader reader(payload);
    scan.part_count = reader.u8();
    if (!reader.ok() || reader.remaining() != 2 * scan.part_count + 3) return broken("scan header");
    if (scan.part_count == 0 || scan.part_count > frame.component_count)
        return broken("components of a scan");
    std::size_t next = 0;
    for (std::size_t i = 0; i < scan.part_count; ++i) {
        Scan::Part& part = scan.parts[i];
        const auto id = reader.u8();
        const auto tables = reader.u8();
        // In the frame's order, each once (ISO 10918-1, B.2.3).
        part.component = next;
        while (part.component < frame.component_count && frame.components[part.component].id != id)
            ++part.component;
        if (part.component == frame.component_count) return broken("component of a scan");
        next = part.component + 1;
        part.dc_table = tables >> 4;
        part.ac_table = tables & 15;
        if (part.dc_table > 3 || part.ac_table > 3) return broken("Huffman table number");
    }
    scan.first = reader.u8();
    scan.last = reader.u8();
    const auto bits = reader.u8();
    scan.high = bits >> 4;
    scan.low = bits & 15;
    // Some encoders write nonsense here in sequential files, where it means nothing.
    return frame.is_progressive ? check_progression(scan) : Verdict{};
}

}  // namespace pixgate::imaging::jpeg
