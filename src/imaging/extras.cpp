// Where JPEG, PNG and WebP keep what is not pixels.
#include <algorithm>
#include <array>

#include "imaging/encode.h"
#include "imaging/probe/formats.h"

namespace pixgate::imaging {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxSegmentBytes = 65'533;

Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view as_text(const std::vector<std::uint8_t>& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class... Parts>
std::string concat(const Parts&... parts) {
    std::string out;
    (out.append(parts), ...);
    return out;
}

std::string big_endian(std::uint64_t value, std::size_t bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i)
        out += static_cast<char>(value >> 8 * (bytes - 1 - i) & 0xFF);
    return out;
}

std::string little_endian(std::uint64_t value, std::size_t bytes) {
    std::string out = big_endian(value, bytes);
    std::ranges::reverse(out);
    return out;
}

[[noreturn]] void complain() {
    throw vips::VError("the encoder wrote a broken picture");
}

std::string jpeg_segment(char marker, std::string_view name, std::string_view payload) {
    const std::size_t bytes = name.size() + payload.size();
    if (bytes > kMaxSegmentBytes) complain();
    return concat("\xFF"sv, std::string(1, marker), big_endian(bytes + 2, 2), name, payload);
}

// After SOI and JFIF's own segment, which has to be the first. ICC.1 annex B.4: one chunk of one.
std::string jpeg_with(const std::string& jpeg, const Extras& extras) {
    ByteReader reader(as_bytes(jpeg));
    if (reader.u16() != 0xFFD8) complain();
    if (starts_with(as_bytes(jpeg), "\xFF\xE0"sv, 2)) {
        reader.skip(2);
        reader.skip(std::max<std::uint64_t>(2, reader.u16()) - 2);
    }
    if (!reader.ok()) complain();
    std::string out = jpeg.substr(0, reader.position());
    if (!extras.exif.empty()) out += jpeg_segment('\xE1', "Exif\0\0"sv, extras.exif);
    if (!extras.xmp.empty())
        out += jpeg_segment('\xE1', "http://ns.adobe.com/xap/1.0/\0"sv, extras.xmp);
    if (!extras.profile.empty())
        out += jpeg_segment('\xE2', "ICC_PROFILE\0\1\1"sv, as_text(extras.profile));
    return out.append(jpeg, reader.position());
}

std::string png_chunk(std::string_view type, std::string_view payload) {
    const std::string body = concat(type, payload);
    return concat(big_endian(payload.size(), 4), body, big_endian(png_crc32(as_bytes(body)), 4));
}

// RFC 1950 and 1951: stored, not compressed; a profile is half a kilobyte.
std::string zlib_stored(std::string_view data) {
    std::uint32_t a = 1, b = 0;
    for (const char c : data) {
        a = (a + static_cast<std::uint8_t>(c)) % 65'521;
        b = (b + a) % 65'521;
    }
    if (data.size() > 0xFFFF) complain();
    return concat(
        "\x78\x01\x01"sv, little_endian(data.size(), 2), little_endian(~data.size() & 0xFFFF, 2),
        data, big_endian(b << 16 | a, 4)
    );
}

// After IHDR, before everything else.
std::string png_with(const std::string& png, const Extras& extras) {
    constexpr std::size_t kHeaderEnd = 8 + 4 + 4 + 13 + 4;
    if (png.size() < kHeaderEnd || !starts_with(as_bytes(png), "IHDR", 12)) complain();
    std::string out = png.substr(0, kHeaderEnd);
    if (!extras.profile.empty())
        out += png_chunk("iCCP", concat("icc\0\0"sv, zlib_stored(as_text(extras.profile))));
    if (!extras.exif.empty()) out += png_chunk("eXIf", extras.exif);
    if (!extras.xmp.empty())
        out += png_chunk("iTXt", concat("XML:com.adobe.xmp\0\0\0\0\0"sv, extras.xmp));
    return out.append(png, kHeaderEnd);
}

struct WebpParts {
    std::string pixels;  // the chunks that hold them, animation included
    std::string canvas;  // VP8X's payload; empty when there is none
    bool has_alpha = false, is_animation = false;
};

WebpParts split_webp(const std::string& webp) {
    constexpr std::array kPixelChunks{"VP8 "sv, "VP8L"sv, "ALPH"sv, "ANIM"sv, "ANMF"sv};
    WebpParts parts;
    ByteReader reader(as_bytes(webp), Endian::kLittle);
    reader.skip(12);
    while (reader.remaining() >= 8) {
        const std::size_t start = reader.position();
        const Bytes type = reader.take(4);
        const std::uint32_t size = reader.u32();
        const Bytes payload = reader.take(size);
        if (size % 2 != 0) reader.skip(1);
        if (!reader.ok()) complain();
        if (is(type, "VP8X")) parts.canvas = webp.substr(start + 8, size);
        parts.is_animation |= is(type, "ANIM");
        // VP8L, 3: after the signature byte, 28 bits of size, then the alpha bit.
        parts.has_alpha |=
            is(type, "ALPH") || (is(type, "VP8L") && size >= 5 && (payload[4] & 0x10) != 0);
        if (std::ranges::any_of(kPixelChunks, [&](auto name) { return is(type, name); }))
            parts.pixels.append(webp, start, reader.position() - start);
    }
    return parts;
}

std::string webp_chunk(std::string_view type, std::string_view payload) {
    return concat(
        type, little_endian(payload.size(), 4), payload, payload.size() % 2 != 0 ? "\0"sv : ""sv
    );
}

// libvips 8.14 writes an EXIF chunk into every WebP, with `strip` too: only pixels are taken over.
std::string webp_with(const std::string& webp, const Extras& extras) {
    constexpr std::uint8_t kProfile = 0x20, kAlpha = 0x10, kExif = 0x08, kXmp = 0x04, kMoves = 0x02;
    WebpParts parts = split_webp(webp);
    if (parts.canvas.empty() && !extras.empty()) {
        const Header header = read_webp_header(as_bytes(webp), {});
        parts.canvas = concat(
            std::string(4, '\0'), little_endian(header.width_px - 1, 3),
            little_endian(header.height_px - 1, 3)
        );
    }
    std::string chunks;
    if (!parts.canvas.empty() && (!extras.empty() || parts.has_alpha || parts.is_animation)) {
        std::uint8_t flags = 0;
        if (parts.is_animation)
            flags = static_cast<std::uint8_t>(parts.canvas[0] & kAlpha) | kMoves;
        if (parts.has_alpha) flags |= kAlpha;
        if (!extras.profile.empty()) flags |= kProfile;
        if (!extras.exif.empty()) flags |= kExif;
        if (!extras.xmp.empty()) flags |= kXmp;
        parts.canvas[0] = static_cast<char>(flags);
        chunks += webp_chunk("VP8X", parts.canvas);
    }
    if (!extras.profile.empty()) chunks += webp_chunk("ICCP", as_text(extras.profile));
    chunks += parts.pixels;
    if (!extras.exif.empty()) chunks += webp_chunk("EXIF", extras.exif);
    if (!extras.xmp.empty()) chunks += webp_chunk("XMP ", extras.xmp);
    return concat("RIFF"sv, little_endian(chunks.size() + 4, 4), "WEBP"sv, chunks);
}

}  // namespace

std::string with_extras(const std::string& encoded, Format format, const Extras& extras) {
    if (format == Format::kWebp) return webp_with(encoded, extras);
    if (extras.empty()) return encoded;
    if (format == Format::kJpeg) return jpeg_with(encoded, extras);
    if (format == Format::kPng) return png_with(encoded, extras);
    return encoded;
}

}  // namespace pixgate::imaging
