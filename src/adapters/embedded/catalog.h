// The catalog as tables. Opened by embedded.h.
#pragma once

#include <memory>

#include "adapters/embedded/database.h"
#include "ports/catalog.h"

namespace pixgate::embedded {

std::unique_ptr<Catalog> make_catalog(std::shared_ptr<Database> database);

}  // namespace pixgate::embedded
