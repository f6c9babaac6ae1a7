// Images as rows, each with its history and variants in it. Every function runs inside a
// transaction of the caller's.
#pragma once

#include <optional>
#include <vector>

#include "adapters/embedded/sqlite.h"
#include "ports/catalog.h"

namespace pixgate::embedded {

// kAlreadyExists where the id is taken.
Result<void> insert_image(Connection& db, const NewImage& image);
// Nothing where there is no such row. Deleted ones too.
Result<std::optional<Image>> find_image(Connection& db, const std::string& id);
// What can change of it: not its id, owner, policy and times.
Result<void> update_image(Connection& db, const Image& image);

// A page of n, newest first.
Result<std::vector<Image>> list_images(Connection& db, const ImageQuery& query, std::size_t n);
Result<std::vector<Image>> due_images(Connection& db, const DueQuery& query);

}  // namespace pixgate::embedded
