// Images as rows: images, image_history, image_variants. Each function runs inside a transaction of
// the caller's.
#pragma once

#include <optional>
#include <vector>

#include "adapters/embedded/sqlite.h"
#include "ports/catalog.h"

namespace pixgate::embedded {

// kAlreadyExists where the id is taken.
Result<void> insert_image(Connection& db, const NewImage& image);
// With variants and history; nothing where there is no such row. Deleted ones too.
Result<std::optional<Image>> find_image(Connection& db, const std::string& id);
// The row, and those of history and variants that differ from `before`.
Result<void> update_image(Connection& db, const Image& before, const Image& after);

// The ids of a page, newest first.
Result<std::vector<std::string>> list_ids(Connection& db, const ImageQuery& query, std::size_t n);
Result<std::vector<std::string>> due_ids(Connection& db, const DueQuery& query);
// All of these; those that are gone are left out.
Result<std::vector<Image>> find_images(Connection& db, const std::vector<std::string>& ids);

}  // namespace pixgate::embedded
