#include "aws/xml_reader.h"

#include "base/encoding.h"

namespace pixgate::aws {

namespace {

// Counts open elements before a tree is built: nesting costs memory per level.
bool is_shallow(std::string_view text) {
    int depth = 0;
    for (auto at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
        const auto rest = text.substr(at + 1);
        if (rest.starts_with("!--") || rest.starts_with('?') || rest.starts_with("![CDATA[")) {
            continue;
        }
        if (rest.starts_with('!')) return false;  // <!DOCTYPE, <!ENTITY
        if (rest.starts_with('/')) {
            --depth;
            continue;
        }
        const auto end = rest.find('>');
        const bool is_empty = end != std::string_view::npos && end > 0 && rest[end - 1] == '/';
        if (!is_empty && ++depth > kMaxXmlDepth) return false;
    }
    return true;
}

}  // namespace

S3Result<std::unique_ptr<pugi::xml_document>> read_xml(std::string_view body) {
    if (body.size() > kMaxXmlBytes || !is_utf8(body) || !is_shallow(body)) {
        return s3_fail(S3Code::kMalformedXml);
    }
    auto document = std::make_unique<pugi::xml_document>();
    const auto parsed =
        document->load_buffer(body.data(), body.size(), pugi::parse_default, pugi::encoding_utf8);
    if (!parsed || !document->document_element()) return s3_fail(S3Code::kMalformedXml);
    return document;
}

std::string_view local_name(const pugi::xml_node& node) {
    const std::string_view name = node.name();
    const auto colon = name.find(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

pugi::xml_node child_of(const pugi::xml_node& parent, std::string_view name) {
    for (const auto& child : parent.children()) {
        if (child.type() == pugi::node_element && local_name(child) == name) return child;
    }
    return {};
}

}  // namespace pixgate::aws
