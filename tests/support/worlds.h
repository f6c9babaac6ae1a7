// A world is one set of adapters that belong together, with a clock that stands still until a test
// moves it. The conformance suites run in every world.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/clock.h"
#include "ports/alerts.h"
#include "ports/catalog.h"
#include "ports/dead_letters.h"
#include "ports/event_source.h"
#include "ports/leases.h"
#include "ports/object_store.h"
#include "ports/purge.h"
#include "ports/queue.h"

namespace pixgate::tests {

inline constexpr std::uint32_t kMaxReceives = 3;

class World {
public:
    virtual ~World() = default;
    virtual ObjectStore& store() = 0;
    virtual Buckets& buckets() = 0;
    virtual EventSource& events() = 0;
    virtual Queue& queue() = 0;
    virtual Queue& preset_queue() = 0;
    virtual DeadLetters& dead_letters() = 0;
    virtual Catalog& catalog() = 0;
    virtual AlertLog& alerts() = 0;
    virtual Leases& leases() = 0;
    virtual PurgeOutbox& purges() = 0;

    // Ends everything and starts it again on the same data, where data is kept.
    virtual void restart() {}
    // Bodies under way or left over, where they can be counted.
    virtual std::size_t stray_files() { return 0; }

    ManualClock clock{TimePoint(std::chrono::milliseconds(1'767'225'600'000))};  // 2026-01-01
};

using WorldFactory = std::function<std::unique_ptr<World>()>;
std::unique_ptr<World> make_memory_world();
std::unique_ptr<World> make_embedded_world();

// One test of a suite.
struct Case {
    const char* name;
    void (*run)(World&);
};
// Registers the cases as tests "{suite}/{adapter}.{name}". Gives true, to be kept in a constant.
bool register_suite(
    const std::string& suite,
    const std::string& adapter,
    const WorldFactory& factory,
    std::span<const Case> cases
);

}  // namespace pixgate::tests
