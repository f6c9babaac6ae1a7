// The embedded default: every port on one data directory. Objects are files, everything else is one
// SQLite file; a stored object and its event, a dead letter and its alert, an image and its history
// are one transaction each.
//   DIR/pixgate.db  index, events, queue, dead letters, catalog   DIR/objects/  bodies
//   DIR/tmp/        bodies under way                              DIR/lock      of the owner
//   DIR/leases      who makes which variant                       DIR/guests    of other processes
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "ports/alerts.h"
#include "ports/catalog.h"
#include "ports/dead_letters.h"
#include "ports/event_source.h"
#include "ports/leases.h"
#include "ports/object_store.h"
#include "ports/purge.h"
#include "ports/queue.h"

namespace pixgate::embedded {

struct Config {
    std::filesystem::path data_dir;         // made where absent, mode 0700
    std::uint32_t max_receives = 5;         // of one message, before it becomes a dead letter
    std::size_t max_queued_writes = 4'096;  // waiting for a commit; over it kOverloaded
    std::uint64_t max_events = 1'000'000;   // not handled yet; over it puts are kOverloaded
    // Puts are refused with kNoSpace below 1 % or this much of free space, whichever is more; all
    // new work below half of it. Half of it is kept in a file for the day when the disk is full.
    std::uint64_t min_free_bytes = 16ULL << 20;
    std::string region = "us-east-1";  // told in events
    // Beside the process that owns the directory, for the role edge: see data_dir.h.
    bool is_guest = false;
};

class Database;
class VolumeHealth;

struct Adapters {
    std::shared_ptr<Database> database;
    std::unique_ptr<ObjectStore> store;
    std::unique_ptr<Buckets> buckets;
    std::unique_ptr<EventSource> events;
    std::unique_ptr<Queue> queue;
    std::unique_ptr<Queue> preset_queue;
    std::unique_ptr<DeadLetters> dead_letters;
    std::unique_ptr<Catalog> catalog;
    std::unique_ptr<AlertLog> alerts;
    std::unique_ptr<Leases> leases;  // null where the disk had no room for them
    std::unique_ptr<PurgeOutbox> purges;
    std::shared_ptr<const VolumeHealth> health;  // adapters/embedded/volume_health.h

    // Before the event loops are destroyed, when they stand still and the pool is joined: what
    // waits is written, and nothing is resumed any more. Does nothing where nothing was opened.
    void close();
};

// Opens the directory: claim, migrations, leftovers of a crash. Blocks; for the start of the
// program. `blocking` runs file work and reads; it and `clock` must outlive the adapters.
//   errors  kFailedPrecondition: in use by another process (reason "locked"), made by a newer
//           version (reason "newer_schema") or by an older one where it may not be changed now
//           (reason "older_schema"); kNotFound: nothing for a guest yet; kUnavailable, kNoSpace:
//           the directory cannot be used
Result<Adapters> open(Config config, const Clock& clock, Pool& blocking);

}  // namespace pixgate::embedded
