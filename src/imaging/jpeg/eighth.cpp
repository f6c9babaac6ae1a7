#include "imaging/jpeg/eighth.h"

#include <algorithm>

#include "imaging/jpeg/bits.h"
#include "imaging/jpeg/frame.h"
#include "imaging/jpeg/scans.h"

namespace pixgate::imaging::jpeg {
namespace {

enum Marker : std::uint8_t {
    kTem = 0x01,
    kSof0 = 0xC0,
    kSof2 = 0xC2,
    kDht = 0xC4,
    kJpg = 0xC8,
    kDac = 0xCC,
    kSof15 = 0xCF,
    kRst0 = 0xD0,
    kRst7 = 0xD7,
    kSoi = 0xD8,
    kEoi = 0xD9,
    kSos = 0xDA,
    kDqt = 0xDB,
    kDnl = 0xDC,
    kDri = 0xDD,
    kApp0 = 0xE0,
    kApp14 = 0xEE,
    kApp15 = 0xEF,
    kCom = 0xFE,
};

// libjpeg's 1x1 inverse DCT: its arithmetic, and its table of limits, which knows values by their
// lowest 10 bits alone.
std::uint8_t sample_of(std::int16_t dc, std::int16_t quant) {
    const int tenth = (((int{dc} * quant + 4) >> 3) & 1023) ^ 512;
    return static_cast<std::uint8_t>(std::clamp(tenth - 512 + 128, 0, 255));
}

EighthPlane plane_of(const Component& component) {
    EighthPlane plane;
    plane.width_px = plane.stride = component.width_blocks;
    plane.height_px = component.height_blocks;
    plane.samples.resize(std::size_t{plane.stride} * plane.height_px);
    const std::int16_t quant = component.dc_quant.value_or(0);
    for (std::size_t y = 0; y < plane.height_px; ++y) {
        const std::int16_t* from = component.dc.data() + y * component.stride_blocks;
        std::uint8_t* to = plane.samples.data() + y * plane.stride;
        for (std::size_t x = 0; x < plane.width_px; ++x) to[x] = sample_of(from[x], quant);
    }
    return plane;
}

class EighthReader {
public:
    EighthReader(Bytes data, const Limits& limits, AcScans ac_scans)
        : data_(data), limits_(limits), ac_scans_(ac_scans) {}

    EighthPicture read() {
        const Verdict verdict = read_segments();
        EighthPicture picture;
        picture.status = verdict.status;
        picture.refusal = verdict.refusal;
        picture.detail = verdict.detail;
        picture.width_px = frame_.width_px;
        picture.height_px = frame_.height_px;
        picture.is_progressive = frame_.is_progressive;
        if (!verdict.is_good()) return picture;
        picture.plane_count = static_cast<std::uint32_t>(frame_.component_count);
        for (std::size_t i = 0; i < frame_.component_count; ++i)
            picture.planes[i] = plane_of(frame_.components[i]);
        return picture;
    }

private:
    Verdict read_segments();
    Verdict read_segment(std::uint8_t marker, Bytes payload);
    Verdict read_next_scan(Bytes payload);
    Verdict begin_components(const Scan& scan);
    Verdict next_ac_scan(const Scan& scan);
    Verdict end_of_picture() const;
    bool is_rgb() const;

    Bytes data_;
    const Limits& limits_;
    AcScans ac_scans_;
    std::size_t position_ = 0;
    Frame frame_;
    Tables tables_;
    std::uint32_t scans_ = 0;
    bool has_jfif_ = false;
    std::uint8_t adobe_transform_ = 1;
    bool has_adobe_ = false;
};

Verdict EighthReader::read_segments() {
    if (data_.size() < 2 || data_[0] != 0xFF || data_[1] != kSoi) return broken("no JPEG");
    position_ = 2;
    for (;;) {
        // libjpeg too passes over stray bytes between segments.
        position_ = find_marker(data_, position_, true);
        while (position_ < data_.size() && data_[position_] == 0xFF) ++position_;
        if (position_ == data_.size()) return broken("no end of the picture");
        const std::uint8_t marker = data_[position_++];
        if (marker == kEoi) return end_of_picture();
        if (marker == kTem) continue;
        if (marker == kSoi) return broken("second beginning");
        ByteReader reader(data_.subspan(position_));
        const std::uint64_t segment_bytes = reader.u16();
        if (segment_bytes < 2) return broken("segment length");
        const Bytes payload = reader.take(segment_bytes - 2);
        if (!reader.ok()) return broken("segment cut short");
        position_ += reader.position();
        if (const auto verdict = read_segment(marker, payload); !verdict.is_good()) return verdict;
    }
}

Verdict EighthReader::read_segment(std::uint8_t marker, Bytes payload) {
    if (marker >= kSof0 && marker <= kSof2) return read_frame(payload, marker, limits_, frame_);
    switch (marker) {
        case kSos:
            return read_next_scan(payload);
        case kDqt:
            return tables_.read_quantisation(payload);
        case kDht:
            return tables_.read_huffman(payload);
        case kDri:
            return tables_.read_restart_interval(payload);
        case kDnl:
            return not_supported("number of lines");
        case kApp0:
            has_jfif_ = has_jfif_ ||
                        (payload.size() >= 14 && starts_with(payload, "JFIF") && payload[4] == 0);
            return {};
        case kApp14:
            if (payload.size() >= 12 && starts_with(payload, "Adobe")) {
                has_adobe_ = true;
                adobe_transform_ = payload[11];
            }
            return {};
        default:
            break;
    }
    if ((marker > kApp0 && marker <= kApp15) || marker == kCom) return {};
    if (marker > kSof2 && marker <= kSof15) return not_supported("coding process");
    return broken("unknown marker");
}

// As libjpeg guesses it.
bool EighthReader::is_rgb() const {
    if (frame_.component_count != 3 || has_jfif_) return false;
    if (has_adobe_) return adobe_transform_ == 0;
    const auto& parts = frame_.components;
    return parts[0].id == 'R' && parts[1].id == 'G' && parts[2].id == 'B';
}

Verdict EighthReader::begin_components(const Scan& scan) {
    for (std::size_t i = 0; i < scan.part_count; ++i) {
        Component& component = frame_.components[scan.parts[i].component];
        if (!component.dc_quant) {
            if (component.quant_index > 3) return broken("quantisation table number");
            component.dc_quant = tables_.dc_quant(component.quant_index);
            if (!component.dc_quant) return broken("no quantisation table");
        }
        if (component.dc.empty()) {
            component.dc.resize(
                std::size_t{component.stride_blocks} * component.padded_height_blocks
            );
        }
    }
    return {};
}

Verdict EighthReader::read_next_scan(Bytes payload) {
    if (!frame_.is_present) return broken("scan without a frame");
    if (++scans_ > limits_.max_scans)
        return {EighthStatus::kRefused, Refusal::kTooManyScans, "scans"};
    if (is_rgb()) return not_supported("RGB");
    Scan scan;
    if (const auto verdict = read_scan(payload, frame_, scan); !verdict.is_good()) return verdict;
    if (const auto verdict = begin_components(scan); !verdict.is_good()) return verdict;
    if (frame_.is_progressive && scan.first != 0) return next_ac_scan(scan);
    for (std::size_t i = 0; i < scan.part_count; ++i) {
        Component& component = frame_.components[scan.parts[i].component];
        const bool is_first = !component.dc_shift;
        const bool is_next = component.dc_shift && *component.dc_shift == scan.high;
        if (!frame_.is_progressive ? !is_first : scan.high == 0 ? !is_first : !is_next)
            return broken("order of scans");
        component.dc_shift = frame_.is_progressive ? scan.low : 0;
    }
    return frame_.is_progressive ? read_dc_scan(data_, scan, frame_, tables_, position_)
                                 : read_sequential_scan(data_, scan, frame_, tables_, position_);
}

Verdict EighthReader::next_ac_scan(const Scan& scan) {
    if (!frame_.components[scan.parts[0].component].dc_shift) return broken("order of scans");
    if (ac_scans_ == AcScans::kRead) return read_ac_scan(data_, scan, frame_, tables_, position_);
    Verdict verdict;
    tables_.ac_symbols(scan.parts[0].ac_table, verdict);
    position_ = find_marker(data_, position_, true);
    return verdict;
}

Verdict EighthReader::end_of_picture() const {
    if (!frame_.is_present) return broken("no frame");
    for (std::size_t i = 0; i < frame_.component_count; ++i) {
        if (!frame_.components[i].dc_shift) return broken("component without a scan");
    }
    return {};
}

}  // namespace

EighthPicture decode_eighth(Bytes data, const Limits& limits, AcScans ac_scans) {
    return EighthReader(data, limits, ac_scans).read();
}

}  // namespace pixgate::imaging::jpeg
