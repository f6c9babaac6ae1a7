#include <cstring>

#include "imaging/probe/formats.h"

namespace pixgate::imaging {
namespace {

using namespace std::string_view_literals;

enum Marker : std::uint8_t {
    kMarkerSof0 = 0xC0,
    kMarkerDht = 0xC4,
    kMarkerSof3 = 0xC3,
    kMarkerJpg = 0xC8,
    kMarkerSof9 = 0xC9,
    kMarkerSof10 = 0xCA,
    kMarkerDac = 0xCC,
    kMarkerSof15 = 0xCF,
    kMarkerRst0 = 0xD0,
    kMarkerSoi = 0xD8,
    kMarkerEoi = 0xD9,
    kMarkerSos = 0xDA,
    kMarkerApp1 = 0xE1,
    kMarkerApp2 = 0xE2,
};

// The next marker at or after the reader's position: libjpeg too skips stray bytes between
// segments. 0 at the end.
std::uint8_t next_marker(ByteReader& reader, Bytes data) {
    while (reader.remaining() >= 2) {
        const auto* from = data.data() + reader.position();
        const auto* found =
            static_cast<const std::uint8_t*>(std::memchr(from, 0xFF, reader.remaining()));
        if (found == nullptr) break;
        reader.skip(static_cast<std::uint64_t>(found - from));
        while (reader.remaining() >= 1 && data[reader.position()] == 0xFF) reader.skip(1);
        if (reader.remaining() == 0) break;
        const auto code = reader.u8();
        if (code != 0) return code;
    }
    return 0;
}

// Reserved markers (FF02 to FFBF) too: libjpeg, when it looks for a restart marker, passes over
// these two bytes alone, and finds the scans behind them.
bool has_no_payload(std::uint8_t marker) {
    return marker < kMarkerSof0 || (marker >= kMarkerRst0 && marker <= kMarkerSoi);
}

bool is_frame_header(std::uint8_t marker) {
    return marker >= kMarkerSof0 && marker <= kMarkerSof15 && marker != kMarkerDht &&
           marker != kMarkerJpg && marker != kMarkerDac;
}

// Baseline, extended and progressive, Huffman or arithmetic: what libjpeg-turbo reads.
bool is_known_process(std::uint8_t marker) {
    return marker < kMarkerSof3 || marker == kMarkerSof9 || marker == kMarkerSof10;
}

void read_frame_header(Bytes payload, std::uint8_t marker, Header& header) {
    ByteReader reader(payload);
    const auto precision_bits = reader.u8();
    header.height_px = reader.u16();
    header.width_px = reader.u16();
    const auto components = reader.u8();
    reader.skip(components * std::uint64_t{3});
    if (!reader.ok() || components == 0) header.broken = "frame header";
    if (precision_bits != 8 || !is_known_process(marker)) header.broken = "coding process";
    if (header.height_px == 0 || header.width_px == 0) header.broken = "size";
}

}  // namespace

Header read_jpeg_header(Bytes data, const Limits& limits) {
    Header header;
    bool has_frame = false, has_exif = false;
    ByteReader reader(data);
    reader.skip(2);
    while (header.broken == nullptr && header.scans <= limits.max_scans) {
        const auto marker = next_marker(reader, data);
        if (marker == 0 || marker == kMarkerEoi) break;
        if (has_no_payload(marker)) continue;
        const std::uint64_t segment_bytes = reader.u16();
        if (segment_bytes < 2) {
            header.broken = "segment length";
            break;
        }
        const Bytes payload = reader.take(segment_bytes - 2);
        if (!reader.ok()) {
            if (header.scans == 0) header.broken = "segment cut short";
            break;
        }
        if (is_frame_header(marker)) {
            if (has_frame) header.broken = "second frame header";
            if (!has_frame) read_frame_header(payload, marker, header);
            has_frame = true;
        } else if (marker == kMarkerSos) {
            if (!has_frame) header.broken = "scan before the frame header";
            ++header.scans;
        } else if (marker == kMarkerApp1 && !has_exif && starts_with(payload, "Exif\0\0"sv)) {
            has_exif = true;
            header.orientation = read_exif_orientation(payload);
        } else if (marker == kMarkerApp2 && starts_with(payload, "ICC_PROFILE\0"sv)) {
            header.profile_bytes += payload.size();
        }
    }
    if (header.broken == nullptr && !has_frame) header.broken = "no frame header";
    if (header.broken == nullptr && header.scans == 0) header.broken = "no scan";
    return header;
}

}  // namespace pixgate::imaging
