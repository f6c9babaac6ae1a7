#include "imaging/strip_location_xmp.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace pixgate::imaging {
namespace {

using namespace std::string_view_literals;
using Span = std::span<std::uint8_t>;

// What a packet may be wrapped in: the outer two are optional.
struct Wrapper {
    std::string_view begin, end;
};
constexpr std::array kWrappers{
    Wrapper{"<?xpacket begin", "<?xpacket end"}, Wrapper{"<x:xmpmeta", "</x:xmpmeta>"},
    Wrapper{"<rdf:RDF", "</rdf:RDF>"}
};

std::string_view text_of(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == ':';
}

// Where the element or attribute ends whose name is at `at`; npos when it does not.
std::size_t end_of_property(std::string_view xmp, std::size_t at, std::string_view name) {
    if (at > 0 && xmp[at - 1] == '<') {
        const auto tag_end = xmp.find('>', at);
        if (tag_end == xmp.npos || xmp[tag_end - 1] == '/') return tag_end;
        const auto close = xmp.find("</" + std::string(name), tag_end);
        return close == xmp.npos ? close : xmp.find('>', close);
    }
    const auto quote = xmp.find_first_of("\"'", at + name.size());
    return quote == xmp.npos ? quote : xmp.find(xmp[quote], quote + 1);
}

}  // namespace

bool blank_gps_properties(Span packet) {
    const std::string_view xmp = text_of(packet);
    bool is_changed = false;
    for (std::size_t at = 0; (at = xmp.find(":GPS", at)) != xmp.npos;) {
        std::size_t begin = at, end = at + 4;
        while (begin > 0 && is_name_character(xmp[begin - 1])) --begin;
        while (end < xmp.size() && is_name_character(xmp[end])) ++end;
        const std::string_view name = xmp.substr(begin, end - begin);
        const std::size_t last = end_of_property(xmp, begin, name);
        const bool is_element = begin > 0 && xmp[begin - 1] == '<';
        at = end;
        if (last == xmp.npos) continue;
        const std::size_t from = is_element ? begin - 1 : begin;
        std::ranges::fill(packet.subspan(from, last + 1 - from), std::uint8_t{' '});
        at = last + 1;
        is_changed = true;
    }
    return is_changed;
}

bool strip_xmp_packets(Span bytes) {
    constexpr auto kExtension = "http://ns.adobe.com/xmp/extension/\0"sv;
    bool is_changed = false;
    const std::string_view text = text_of(bytes);
    for (const Wrapper& wrapper : kWrappers) {
        std::size_t end = 0;
        for (std::size_t at = 0; (at = text.find(wrapper.begin, at)) != text.npos; at = end) {
            end = std::min(text.find(wrapper.end, at), text.size());
            is_changed |= blank_gps_properties(bytes.subspan(at, end - at));
        }
    }
    // Parts of a packet that is too long for one segment.
    for (std::size_t at = 0; (at = text.find(kExtension, at)) != text.npos;
         at += kExtension.size()) {
        if (at < 2) continue;
        const std::size_t segment = std::size_t{bytes[at - 2]} << 8 | bytes[at - 1];
        is_changed |= blank_gps_properties(bytes.subspan(at, std::min(segment, bytes.size() - at)));
    }
    return is_changed;
}

}  // namespace pixgate::imaging
