// Boxes of ISO base media files, which HEIF and AVIF are made of.
#pragma once

#include "imaging/byte_reader.h"

namespace pixgate::imaging {

struct Box {
    Bytes type;
    Bytes payload;
};

// ISO/IEC 14496-12, 4.2. False at the end or when the box does not fit.
inline bool read_box(ByteReader& reader, Box& box) {
    std::uint64_t header_bytes = 8;
    const std::uint64_t rest = reader.remaining();
    std::uint64_t bytes = reader.u32();
    box.type = reader.take(4);
    if (bytes == 1) {
        bytes = reader.u64();
        header_bytes = 16;
    } else if (bytes == 0) {
        bytes = rest;
    }
    if (!reader.ok() || bytes < header_bytes || bytes > rest) return false;
    box.payload = reader.take(bytes - header_bytes);
    return reader.ok();
}

struct FullBox {
    std::uint8_t version;
    std::uint32_t flags;
};

inline FullBox read_full_box(ByteReader& reader) {
    const auto version = reader.u8();
    return {version, reader.u24()};
}

}  // namespace pixgate::imaging
