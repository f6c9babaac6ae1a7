// An image, and maps of texts, as JSON for the database. The API's JSON is made in roles/api.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/image.h"

namespace pixgate {

std::string write_snapshot(const Image& image);
// kCorrupt: not written by write_snapshot.
Result<Image> read_snapshot(std::string_view json);

using TextMap = std::map<std::string, std::string>;
std::string write_text_map(const TextMap& map);  // {"a":"b"}
Result<TextMap> read_text_map(std::string_view json);

}  // namespace pixgate
