// The size that an SVG says it has, from the attributes of its root element. Nothing is expanded:
// an entity in the root element makes the picture broken.
#include <cmath>
#include <optional>
#include <string_view>

#include "imaging/probe/formats.h"

namespace pixgate::imaging {
namespace {

// The root element stands near the beginning.
constexpr std::size_t kMaxPrologueBytes = 64 << 10;
constexpr double kMaxLength = 1e6;

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

// Where the first <svg is that stands in no comment, processing instruction or document type.
std::size_t find_root(std::string_view text) {
    std::size_t at = 0;
    while ((at = text.find('<', at)) != text.npos) {
        const auto rest = text.substr(at);
        std::string_view end;
        if (rest.starts_with("<!--")) {
            end = "-->";
        } else if (rest.starts_with("<?")) {
            end = "?>";
        } else if (rest.starts_with("<!")) {
            const auto bracket = rest.find_first_of("[>");
            if (bracket == rest.npos) return rest.npos;
            end = rest[bracket] == '[' ? "]>" : ">";
        } else {
            return rest.starts_with("<svg") ? at : rest.npos;
        }
        at = text.find(end, at);
        if (at != text.npos) at += end.size();
    }
    return at;
}

// The inside of the first <svg ...>, which comes after declarations and comments only.
std::optional<std::string_view> root_attributes(std::string_view text) {
    const auto at = find_root(text);
    if (at == text.npos) return std::nullopt;
    text = text.substr(at + 4);
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '&' || (c == '<' && quote == 0)) return std::nullopt;
        if (quote == 0 && c == '>') return text.substr(0, i);
        if (quote == 0 && (c == '"' || c == '\'')) {
            quote = c;
        } else if (c == quote) {
            quote = 0;
        }
    }
    return std::nullopt;
}

// The value of the attribute of exactly this name.
std::string_view attribute(std::string_view attributes, std::string_view name) {
    while (!attributes.empty()) {
        const auto equals = attributes.find('=');
        if (equals == attributes.npos) return {};
        const auto found = trimmed(attributes.substr(0, equals));
        attributes = trimmed(attributes.substr(equals + 1));
        if (attributes.empty() || (attributes.front() != '"' && attributes.front() != '\''))
            return {};
        const auto end = attributes.find(attributes.front(), 1);
        if (end == attributes.npos) return {};
        if (found == name) return attributes.substr(1, end - 1);
        attributes.remove_prefix(end + 1);
    }
    return {};
}

// A plain decimal number at the front, which is taken off; no exponent.
std::optional<double> take_number(std::string_view& text) {
    double value = 0, place = 0;
    std::size_t digits = 0;
    for (; !text.empty(); text.remove_prefix(1)) {
        const char c = text.front();
        if (c == '.' && place == 0) {
            place = 1;
        } else if (c >= '0' && c <= '9' && digits < 12) {
            ++digits;
            if (place == 0) {
                value = value * 10 + (c - '0');
            } else {
                place /= 10;
                value += place * (c - '0');
            }
        } else {
            break;
        }
    }
    if (digits == 0) return std::nullopt;
    return value;
}

// In CSS pixels, 96 to the inch; nothing for percentages and what else depends on a page.
std::optional<double> length(std::string_view text) {
    text = trimmed(text);
    const auto value = take_number(text);
    if (!value) return std::nullopt;
    struct Unit {
        std::string_view name;
        double px;
    };
    constexpr Unit kUnits[] = {{"", 1},    {"px", 1},         {"pt", 96.0 / 72}, {"pc", 16},
                               {"in", 96}, {"cm", 96 / 2.54}, {"mm", 96 / 25.4}};
    for (const auto& [name, px] : kUnits) {
        if (text == name) return *value * px;
    }
    return std::nullopt;
}

struct Box {
    double width = 0, height = 0;
};

Box view_box(std::string_view text) {
    Box box;
    for (int i = 0; i < 4; ++i) {
        while (!text.empty() &&
               (is_space(text.front()) || text.front() == ',' || (i < 2 && text.front() == '-')))
            text.remove_prefix(1);
        const auto value = take_number(text);
        if (!value) return {};
        if (i == 2) box.width = *value;
        if (i == 3) box.height = *value;
    }
    return box;
}

}  // namespace

Header read_svg_header(Bytes data, const Limits&) {
    Header header;
    header.has_alpha = true;
    const std::string_view text(
        reinterpret_cast<const char*>(data.data()), std::min(data.size(), kMaxPrologueBytes)
    );
    const auto attributes = root_attributes(text);
    if (!attributes) {
        header.broken = "root element";
        return header;
    }
    const Box box = view_box(attribute(*attributes, "viewBox"));
    double width = length(attribute(*attributes, "width")).value_or(0);
    double height = length(attribute(*attributes, "height")).value_or(0);
    const bool has_box = box.width > 0 && box.height > 0;
    if (width == 0 && has_box) width = height > 0 ? height * box.width / box.height : box.width;
    if (height == 0 && has_box) height = width * box.height / box.width;
    if (!(width > 0 && height > 0)) {
        header.broken = "size";
    } else if (width > kMaxLength || height > kMaxLength) {
        header.width_px = header.height_px = static_cast<std::uint64_t>(kMaxLength);
    } else {
        header.width_px = static_cast<std::uint64_t>(std::max(1.0, std::round(width)));
        header.height_px = static_cast<std::uint64_t>(std::max(1.0, std::round(height)));
    }
    return header;
}

}  // namespace pixgate::imaging
