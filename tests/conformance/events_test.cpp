#include "tests/conformance/alert_log_suite.h"
#include "tests/conformance/dead_letters_suite.h"
#include "tests/conformance/event_source_suite.h"
#include "tests/conformance/queue_suite.h"

namespace pixgate::tests {
namespace {

[[maybe_unused]] const bool kMemory =
    register_suite("EventSource", "Memory", make_memory_world, event_source::kCases) &&
    register_suite("Queue", "Memory", make_memory_world, queue::kCases) &&
    register_suite("DeadLetters", "Memory", make_memory_world, dead_letters::kCases) &&
    register_suite("AlertLog", "Memory", make_memory_world, alert_log::kCases);

[[maybe_unused]] const bool kEmbedded =
    register_suite("EventSource", "Embedded", make_embedded_world, event_source::kCases) &&
    register_suite("EventSource", "Embedded", make_embedded_world, event_source::kDurableCases) &&
    register_suite("Queue", "Embedded", make_embedded_world, queue::kCases) &&
    register_suite("Queue", "Embedded", make_embedded_world, queue::kDurableCases) &&
    register_suite("DeadLetters", "Embedded", make_embedded_world, dead_letters::kCases) &&
    register_suite("DeadLetters", "Embedded", make_embedded_world, dead_letters::kDurableCases) &&
    register_suite("AlertLog", "Embedded", make_embedded_world, alert_log::kCases);

}  // namespace
}  // namespace pixgate::tests
