#include "tests/conformance/catalog_suite.h"

namespace pixgate::tests {
namespace {

[[maybe_unused]] const bool kRegistered =
    register_suite("Catalog", "Memory", make_memory_world, catalog::kCases) &&
    register_suite("Catalog", "Embedded", make_embedded_world, catalog::kCases) &&
    register_suite("Catalog", "Embedded", make_embedded_world, catalog::kDurableCases);

}  // namespace
}  // namespace pixgate::tests
