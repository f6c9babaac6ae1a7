// Reads XML that a stranger sent: bounded in bytes and depth, without any DTD, so that entities
// cannot grow or reach out (the attack behind CVE-2022-47950). The only way in for request bodies.
#pragma once

#include <memory>
#include <pugixml.hpp>
#include <string_view>

#include "aws/s3_errors.h"

namespace pixgate::aws {

inline constexpr std::size_t kMaxXmlBytes = 1 << 20;
inline constexpr int kMaxXmlDepth = 16;

//   errors  MalformedXML
S3Result<std::unique_ptr<pugi::xml_document>> read_xml(std::string_view body);

// Local name of a node: "Key" for "s3:Key". Clients send the namespace or leave it out.
std::string_view local_name(const pugi::xml_node& node);

// First child element with that local name; an empty node where there is none.
pugi::xml_node child_of(const pugi::xml_node& parent, std::string_view name);

}  // namespace pixgate::aws
