// Objects as files with their index in the database, and buckets. Opened by embedded.h.
#pragma once

#include <memory>

#include "adapters/embedded/database.h"
#include "adapters/embedded/embedded.h"

namespace pixgate::embedded {

// Objects as files with their index in the database. An owner that is alone sweeps bodies that no
// row knows, once, in the background.
Result<std::unique_ptr<ObjectStore>> make_object_store(
    std::shared_ptr<Database> database, const Config& config, const Clock& clock
);
std::unique_ptr<Buckets> make_buckets(std::shared_ptr<Database> database, const Clock& clock);

}  // namespace pixgate::embedded
