// Every port in memory: real, small implementations for tests of the flow and the roles. They share
// one state, so that a stored object raises its event and what fails becomes a dead letter.
#pragma once

#include <memory>

#include "ports/alerts.h"
#include "ports/catalog.h"
#include "ports/dead_letters.h"
#include "ports/event_source.h"
#include "ports/leases.h"
#include "ports/object_store.h"
#include "ports/purge.h"
#include "ports/queue.h"

namespace pixgate::memory {

struct Config {
    std::uint32_t max_receives = 5;  // of one message, before it becomes a dead letter
};

struct Adapters {
    std::unique_ptr<ObjectStore> store;
    std::unique_ptr<Buckets> buckets;
    std::unique_ptr<EventSource> events;
    std::unique_ptr<Queue> queue;
    std::unique_ptr<Queue> preset_queue;
    std::unique_ptr<DeadLetters> dead_letters;
    std::unique_ptr<Catalog> catalog;
    std::unique_ptr<AlertLog> alerts;
    std::unique_ptr<Leases> leases;
    std::unique_ptr<PurgeOutbox> purges;
};

// Without buckets: create those that are needed. Leases, visibility and due times follow `clock`;
// waits follow real time.
Adapters make_adapters(Config config, const Clock& clock);

}  // namespace pixgate::memory
