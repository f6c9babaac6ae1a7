#include "aws/xml_writer.h"

#include <fmt/format.h>

#include <utility>

#include "base/encoding.h"

namespace pixgate::aws {

std::string xml_escape(std::string_view text) {
    const bool well_formed = is_utf8(text);
    std::string out;
    out.reserve(text.size() + 8);
    for (const char c : text) {
        const auto u = static_cast<unsigned char>(c);
        if (c == '&') {
            out += "&amp;";
        } else if (c == '<') {
            out += "&lt;";
        } else if (c == '>') {
            out += "&gt;";
        } else if (c == '"') {
            out += "&quot;";
        } else if (u < 0x20 && c != '\n' && c != '\t') {
            fmt::format_to(std::back_inserter(out), "&#{};", u);
        } else if (u >= 0x80 && !well_formed) {
            out += '?';
        } else {
            out += c;
        }
    }
    return out;
}

XmlWriter::XmlWriter(std::string_view root, std::string_view name_space) : root_(root) {
    out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<";
    out_ += root;
    if (!name_space.empty()) {
        out_ += " xmlns=\"";
        out_ += name_space;
        out_ += '"';
    }
    out_ += '>';
}

XmlWriter& XmlWriter::open(std::string_view name) {
    out_ += '<';
    out_ += name;
    out_ += '>';
    return *this;
}

XmlWriter& XmlWriter::close(std::string_view name) {
    out_ += "</";
    out_ += name;
    out_ += '>';
    return *this;
}

XmlWriter& XmlWriter::element(std::string_view name, std::string_view text) {
    open(name);
    out_ += xml_escape(text);
    return close(name);
}

XmlWriter& XmlWriter::text(std::string_view text) {
    out_ += xml_escape(text);
    return *this;
}

std::string XmlWriter::finish() {
    close(root_);
    return std::exchange(out_, {});
}

}  // namespace pixgate::aws
