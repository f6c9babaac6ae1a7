#include "tests/conformance/buckets_suite.h"
#include "tests/conformance/object_listing_suite.h"
#include "tests/conformance/object_store_suite.h"

namespace pixgate::tests {
namespace {

[[maybe_unused]] const bool kRegistered =
    register_suite("ObjectStore", "Memory", make_memory_world, object_store::kCases) &&
    register_suite("ObjectStore", "Embedded", make_embedded_world, object_store::kCases) &&
    register_suite("ObjectStore", "Embedded", make_embedded_world, object_store::kDurableCases) &&
    register_suite("ObjectListing", "Memory", make_memory_world, object_listing::kCases) &&
    register_suite("ObjectListing", "Embedded", make_embedded_world, object_listing::kCases) &&
    register_suite("Buckets", "Memory", make_memory_world, buckets::kCases) &&
    register_suite("Buckets", "Embedded", make_embedded_world, buckets::kCases) &&
    register_suite("Buckets", "Embedded", make_embedded_world, buckets::kDurableCases);

}  // namespace
}  // namespace pixgate::tests
