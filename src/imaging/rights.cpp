#include "imaging/rights.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace pixgate::imaging {
namespace {

using namespace std::string_view_literals;
using namespace std::string_literals;

constexpr std::uint16_t kTagArtist = 0x013B, kTagCopyright = 0x8298, kTypeAscii = 2;

std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The length of the UTF-8 sequence that begins there; 0: none does.
std::size_t sequence_bytes(std::string_view text) {
    const auto first = static_cast<std::uint8_t>(text.front());
    const std::size_t bytes = first < 0x80                    ? 1
                              : first >= 0xC2 && first < 0xE0 ? 2
                              : first >= 0xE0 && first < 0xF0 ? 3
                              : first >= 0xF0 && first < 0xF5 ? 4
                                                              : 0;
    if (bytes == 0 || bytes > text.size()) return 0;
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((static_cast<std::uint8_t>(text[i]) & 0xC0) != 0x80) return 0;
    }
    return bytes;
}

// As the promise of Rights has it. What is no UTF-8 is read as Latin-1, as old cameras write it.
std::string cleaned(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t bytes = sequence_bytes(text);
        const auto first = static_cast<std::uint8_t>(text.front());
        std::string piece(text.substr(0, std::max<std::size_t>(1, bytes)));
        if (bytes == 0)
            piece = {
                static_cast<char>(0xC0 | first >> 6), static_cast<char>(0x80 | (first & 0x3F))
            };
        text.remove_prefix(std::max<std::size_t>(1, bytes));
        if (bytes == 1 && first == 0) break;
        const bool is_control =
            (bytes == 1 && (first < ' ' || first == 0x7F)) ||
            (piece.size() == 2 && piece[0] == '\xC2' && static_cast<std::uint8_t>(piece[1]) < 0xA0);
        if (is_control) piece = " ";
        if (out.size() + piece.size() > kMaxRightsBytes) break;
        out += piece;
    }
    const auto first = out.find_first_not_of(' ');
    if (first == out.npos) return {};
    return out.substr(first, out.find_last_not_of(' ') - first + 1);
}

// The five of XML, and nothing else.
std::string unescaped(std::string_view text) {
    struct Entity {
        std::string_view name, character;
    };
    constexpr std::array<Entity, 5> kEntities{
        {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}}
    };
    std::string out;
    while (!text.empty()) {
        const auto entity = std::ranges::find_if(kEntities, [&](const Entity& e) {
            return text.starts_with(e.name);
        });
        const bool is_entity = entity != kEntities.end();
        out += is_entity ? entity->character : text.substr(0, 1);
        text.remove_prefix(is_entity ? entity->name.size() : 1);
    }
    return out;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else
            out += c;
    }
    return out;
}

// The first rdf:li inside of the element, or its own text, or the attribute of that name.
std::string xmp_value(std::string_view xmp, std::string_view name) {
    const auto element = xmp.find("<" + std::string(name));
    if (element != xmp.npos) {
        std::string_view inside = xmp.substr(element);
        inside = inside.substr(0, inside.find("</" + std::string(name)));
        const auto item = inside.find("<rdf:li");
        if (item != inside.npos) inside = inside.substr(item);
        const auto begin = inside.find('>');
        if (begin == inside.npos) return {};
        inside = inside.substr(begin + 1);
        return unescaped(inside.substr(0, std::min(inside.find('<'), 4 * kMaxRightsBytes)));
    }
    const auto attribute = xmp.find(std::string(name) + "=\"");
    if (attribute == xmp.npos) return {};
    const std::string_view value = xmp.substr(attribute + name.size() + 2);
    return unescaped(value.substr(0, std::min(value.find('"'), 4 * kMaxRightsBytes)));
}

// Photoshop's resource blocks: "8BIM", id, a padded name, a size, the data.
Bytes iptc_in_photoshop(Bytes block) {
    constexpr std::uint16_t kIptcResource = 0x0404;
    ByteReader reader(block);
    reader.skip("Photoshop 3.0\0"sv.size());
    while (reader.remaining() >= 12 && is(reader.take(4), "8BIM")) {
        const auto id = reader.u16();
        const std::size_t name_bytes = reader.u8();
        reader.skip(name_bytes + (name_bytes + 1) % 2);
        const std::uint64_t bytes = reader.u32();
        const Bytes data = reader.take(bytes);
        if (!reader.ok()) break;
        if (id == kIptcResource) return data;
        if (bytes % 2 != 0) reader.skip(1);
    }
    return {};
}

std::string number(std::uint64_t value, std::size_t bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i)
        out += static_cast<char>(value >> 8 * (bytes - 1 - i) & 0xFF);
    return out;
}

}  // namespace

Rights rights_in_exif(Bytes exif) {
    if (starts_with(exif, "Exif\0\0"sv)) exif = exif.subspan(6);
    const bool is_little = starts_with(exif, "II*\0"sv);
    if (!is_little && !starts_with(exif, "MM\0*"sv)) return {};
    const Endian endian = is_little ? Endian::kLittle : Endian::kBig;
    ByteReader reader(exif, endian);
    reader.skip(4);
    reader.seek(reader.u32());
    const std::size_t entries = reader.u16();
    Rights rights;
    for (std::size_t i = 0; i < entries && reader.ok(); ++i) {
        const auto tag = reader.u16();
        const auto type = reader.u16();
        const std::uint64_t count = reader.u32();
        const Bytes inline_value = reader.take(4);
        if (!reader.ok() || type != kTypeAscii || (tag != kTagArtist && tag != kTagCopyright))
            continue;
        ByteReader value(exif, endian);
        if (count > 4) value.seek(ByteReader(inline_value, endian).u32());
        const Bytes text = count > 4 ? value.take(std::min<std::uint64_t>(count, value.remaining()))
                                     : inline_value.first(count);
        (tag == kTagArtist ? rights.artist : rights.notice) = cleaned(text_of(text));
    }
    return rights;
}

Rights rights_in_xmp(Bytes xmp) {
    const std::string_view text = text_of(xmp);
    return {cleaned(xmp_value(text, "dc:creator")), cleaned(xmp_value(text, "dc:rights"))};
}

Rights rights_in_iptc(Bytes iptc) {
    if (starts_with(iptc, "Photoshop 3.0\0"sv)) iptc = iptc_in_photoshop(iptc);
    constexpr std::uint8_t kMarker = 0x1C, kByLine = 80, kNotice = 116;
    Rights rights;
    ByteReader reader(iptc);
    while (reader.remaining() >= 5 && reader.u8() == kMarker) {
        const auto record = reader.u8();
        const auto dataset = reader.u8();
        const Bytes value = reader.take(reader.u16());
        if (!reader.ok()) break;
        if (record == 2 && dataset == kByLine) rights.artist = cleaned(text_of(value));
        if (record == 2 && dataset == kNotice) rights.notice = cleaned(text_of(value));
    }
    return rights;
}

Rights rights_in_png(Bytes png) {
    Rights rights;
    ByteReader reader(png);
    reader.skip(8);
    while (reader.remaining() >= 12) {
        const std::uint32_t bytes = reader.u32();
        const Bytes type = reader.take(4);
        const Bytes payload = reader.take(bytes);
        reader.skip(4);
        if (!reader.ok() || is(type, "IEND")) break;
        if (is(type, "eXIf")) rights = merged(rights, rights_in_exif(payload));
        if (is(type, "iTXt") && starts_with(payload, "XML:com.adobe.xmp\0\0"sv))
            rights = merged(rights, rights_in_xmp(payload));
        if (!is(type, "tEXt")) continue;
        const std::string_view text = text_of(payload);
        if (text.starts_with("Author\0"sv)) rights = merged(rights, {cleaned(text.substr(7)), {}});
        if (text.starts_with("Copyright\0"sv))
            rights = merged(rights, {{}, cleaned(text.substr(10))});
    }
    return rights;
}

Rights merged(Rights first, const Rights& second) {
    if (first.artist.empty()) first.artist = second.artist;
    if (first.notice.empty()) first.notice = second.notice;
    return first;
}

std::string exif_of(const Rights& rights) {
    if (rights.empty()) return {};
    struct Entry {
        std::uint16_t tag;
        const std::string& text;
    };
    const std::array entries{Entry{kTagArtist, rights.artist}, Entry{kTagCopyright, rights.notice}};
    const auto count = static_cast<std::size_t>(
        std::ranges::count_if(entries, [](const Entry& entry) { return !entry.text.empty(); })
    );
    const std::size_t texts_at = 8 + 2 + 12 * count + 4;
    std::string head = "MM\0*\0\0\0\x08"s + number(count, 2), texts;
    for (const auto& [tag, text] : entries) {
        if (text.empty()) continue;
        // Up to four bytes stand in the entry itself, so short texts are filled up with zeros.
        std::string value = text;
        value.resize(std::max<std::size_t>(value.size() + 1, 5));
        head += number(tag, 2) + number(kTypeAscii, 2) + number(value.size(), 4) +
                number(texts_at + texts.size(), 4);
        texts += value;
        if (texts.size() % 2 != 0) texts += '\0';
    }
    return head + number(0, 4) + texts;
}

std::string xmp_of(const Rights& rights) {
    if (rights.empty()) return {};
    std::string out =
        "<?xpacket begin=\"\xEF\xBB\xBF\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
        "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">";
    if (!rights.artist.empty())
        out += "<dc:creator><rdf:Seq><rdf:li>" + escaped(rights.artist) +
               "</rdf:li></rdf:Seq></dc:creator>";
    if (!rights.notice.empty())
        out += "<dc:rights><rdf:Alt><rdf:li xml:lang=\"x-default\">" + escaped(rights.notice) +
               "</rdf:li></rdf:Alt></dc:rights>";
    return out + "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"r\"?>";
}

}  // namespace pixgate::imaging
