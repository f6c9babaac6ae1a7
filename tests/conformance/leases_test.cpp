#include "tests/conformance/leases_suite.h"

namespace pixgate::tests {
namespace {

[[maybe_unused]] const bool kRegistered =
    register_suite("Leases", "Memory", make_memory_world, leases::kCases) &&
    register_suite("Leases", "Embedded", make_embedded_world, leases::kCases);

}  // namespace
}  // namespace pixgate::tests
