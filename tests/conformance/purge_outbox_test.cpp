#include "tests/conformance/purge_outbox_suite.h"

namespace pixgate::tests {
namespace {

[[maybe_unused]] const bool kRegistered =
    register_suite("PurgeOutbox", "Memory", make_memory_world, purge_outbox::kCases) &&
    register_suite("PurgeOutbox", "Embedded", make_embedded_world, purge_outbox::kCases);

}  // namespace
}  // namespace pixgate::tests
