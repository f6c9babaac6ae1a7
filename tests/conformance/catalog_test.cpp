#include "tests/conformance/catalog_queries_suite.h"
#include "tests/conformance/catalog_suite.h"

namespace pixgate::tests {
namespace {

[[maybe_unused]] const bool kRegistered =
    register_suite("Catalog", "Memory", make_memory_world, catalog::kCases) &&
    register_suite("Catalog", "Embedded", make_embedded_world, catalog::kCases) &&
    register_suite("Catalog", "Embedded", make_embedded_world, catalog::kDurableCases) &&
    register_suite("CatalogQueries", "Memory", make_memory_world, catalog_queries::kCases) &&
    register_suite("CatalogQueries", "Embedded", make_embedded_world, catalog_queries::kCases);

}  // namespace
}  // namespace pixgate::tests
