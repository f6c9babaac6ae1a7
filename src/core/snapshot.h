// An image, parts of one, and maps of texts, as JSON for the database. The API's JSON is made in
// roles/api.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/image.h"

namespace pixgate {

std::string write_snapshot(const Image& image);
// kCorrupt: not written by write_snapshot.
Result<Image> read_snapshot(std::string_view json);

// The same for a part of one: JSON arrays. Reading: kCorrupt as above.
std::string write_history(const std::vector<HistoryEntry>& history);
Result<std::vector<HistoryEntry>> read_history(std::string_view json);
std::string write_variants(const std::vector<Variant>& variants);
Result<std::vector<Variant>> read_variants(std::string_view json);

using TextMap = std::map<std::string, std::string>;
std::string write_text_map(const TextMap& map);  // {"a":"b"}
Result<TextMap> read_text_map(std::string_view json);

}  // namespace pixgate
