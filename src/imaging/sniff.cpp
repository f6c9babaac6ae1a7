#include "imaging/sniff.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace pixgate::imaging {
namespace {

using namespace std::string_view_literals;

struct Magic {
    std::string_view bytes;
    Format format;
};

constexpr auto kMagics = std::to_array<Magic>({
    {"\xFF\xD8\xFF"sv, Format::kJpeg},
    {"\x89PNG\r\n\x1A\n"sv, Format::kPng},
    {"GIF87a"sv, Format::kGif},
    {"GIF89a"sv, Format::kGif},
    {"II*\0"sv, Format::kTiff},
    {"MM\0*"sv, Format::kTiff},
    {"II+\0"sv, Format::kTiff},
    {"MM\0+"sv, Format::kTiff},
    {"BM"sv, Format::kBmp},
    {"%PDF"sv, Format::kPdf},
    {"\0\0\0\x0CjP  \r\n\x87\n"sv, Format::kJp2},
    {"\xFF\x4F\xFF\x51"sv, Format::kJp2},
    {"\xFF\x0A"sv, Format::kJxl},
    {"\0\0\0\x0CJXL \r\n\x87\n"sv, Format::kJxl},
    {"8BPS"sv, Format::kOther},
    {"\0\0\1\0"sv, Format::kOther},  // ICO
    {"\0\0\2\0"sv, Format::kOther},  // CUR
    {"v/1\1"sv, Format::kOther},     // OpenEXR
    {"#?RADIANCE"sv, Format::kOther},
    {"qoif"sv, Format::kOther},
    {"%!PS"sv, Format::kOther},
    {"SIMPLE  ="sv, Format::kOther},  // FITS
});

bool is_space(std::uint8_t c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

// P1 to P7 and PF/Pf, then white space.
bool is_netpbm(Bytes data) {
    if (data.size() < 3 || data[0] != 'P' || !is_space(data[2])) return false;
    return (data[1] >= '1' && data[1] <= '7') || data[1] == 'F' || data[1] == 'f';
}

// An XML document whose root is svg. Declaration, comments and doctype before it are skipped.
bool is_svg(Bytes data) {
    std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    while (!text.empty()) {
        while (!text.empty() && is_space(static_cast<std::uint8_t>(text.front())))
            text.remove_prefix(1);
        if (text.starts_with("<svg")) {
            return text.size() == 4 || text[4] == '>' || text[4] == '/' || text[4] == ':' ||
                   is_space(static_cast<std::uint8_t>(text[4]));
        }
        std::string_view end;
        if (text.starts_with("<?xml")) {
            end = "?>";
        } else if (text.starts_with("<!--")) {
            end = "-->";
        } else if (text.starts_with("<!DOCTYPE") || text.starts_with("<!doctype")) {
            const auto bracket = text.find_first_of("[>");
            if (bracket == text.npos) return false;
            end = text[bracket] == '[' ? "]>"sv : ">"sv;
        } else {
            return false;
        }
        const auto at = text.find(end);
        if (at == text.npos) return false;
        text.remove_prefix(at + end.size());
    }
    return false;
}

// ISO base media file: the brands say which kind (ISO/IEC 23008-12, AV1 image format).
Format sniff_isobmff(Bytes data) {
    constexpr std::size_t kMaxBrands = 64;
    ByteReader reader(data);
    const std::uint32_t box_bytes = reader.u32();
    reader.skip(4);
    const Bytes major = reader.take(4);
    reader.skip(4);
    if (!reader.ok()) return Format::kUnknown;
    bool has_avif = false, has_heic = false;
    for (std::size_t i = 0; i < kMaxBrands && reader.position() + 4 <= box_bytes; ++i) {
        const Bytes brand = reader.take(4);
        if (!reader.ok()) break;
        has_avif |= is(brand, "avif");
        has_heic |= is(brand, "heic") || is(brand, "heix");
    }
    if (is(major, "avif")) return Format::kAvif;
    for (const auto still : {"heic", "heix", "heim", "heis"}) {
        if (is(major, still)) return Format::kHeic;
    }
    for (const auto sequence : {"avis", "hevc", "hevx", "hevm", "hevs", "msf1"}) {
        if (is(major, sequence)) return Format::kOther;
    }
    if (is(major, "mif1") || is(major, "mif2"))
        return has_avif ? Format::kAvif : has_heic ? Format::kHeic : Format::kOther;
    return Format::kUnknown;
}

}  // namespace

Format sniff(Bytes data) {
    data = data.first(std::min(data.size(), kSniffBytes));
    for (const auto& magic : kMagics) {
        if (starts_with(data, magic.bytes)) return magic.format;
    }
    if (starts_with(data, "RIFF") && starts_with(data, "WEBP", 8)) return Format::kWebp;
    if (starts_with(data, "ftyp", 4)) return sniff_isobmff(data);
    if (is_netpbm(data)) return Format::kOther;
    if (is_svg(data)) return Format::kSvg;
    return Format::kUnknown;
}

}  // namespace pixgate::imaging
