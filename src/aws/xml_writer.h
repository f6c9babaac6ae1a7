// Writes S3's small XML answers: elements and escaped text, nothing else. Pure code.
#pragma once

#include <string>
#include <string_view>

namespace pixgate::aws {

// `text` for an element's content: & < > " and CR escaped; control characters as references, which
// XML 1.0 readers refuse but S3 sends too (encoding-type=url exists for that); bytes that are not
// UTF-8 become '?'.
std::string xml_escape(std::string_view text);

class XmlWriter {
public:
    // Begins the document with its root element. `name_space` may be empty.
    XmlWriter(std::string_view root, std::string_view name_space);

    XmlWriter& open(std::string_view name);
    XmlWriter& close(std::string_view name);
    XmlWriter& element(std::string_view name, std::string_view text);
    XmlWriter& text(std::string_view text);
    // The document with its root element closed. Once.
    std::string finish();

private:
    std::string root_;
    std::string out_;
};

// The namespace of every S3 answer except <Error>.
inline constexpr std::string_view kS3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

}  // namespace pixgate::aws
