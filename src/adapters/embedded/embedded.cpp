#include "adapters/embedded/embedded.h"

#include "adapters/embedded/alert_log.h"
#include "adapters/embedded/catalog.h"
#include "adapters/embedded/database.h"
#include "adapters/embedded/dead_letters.h"
#include "adapters/embedded/event_source.h"
#include "adapters/embedded/leases.h"
#include "adapters/embedded/object_store.h"
#include "adapters/embedded/purge_outbox.h"
#include "adapters/embedded/queue.h"

namespace pixgate::embedded {

void Adapters::close() {
    if (database) database->close();
}

Result<Adapters> open(Config config, const Clock& clock, Pool& blocking) {
    const Database::Options options{
        .dir = config.data_dir,
        .max_queued_writes = config.max_queued_writes,
        .reserve_bytes = config.min_free_bytes / 2,
        .prepare = [&clock](Connection& db) { return make_all_visible(db, clock.now()); },
        .is_guest = config.is_guest,
    };
    TRY(auto database, Database::open(options, clock, blocking));
    TRY(auto store, make_object_store(database, config, clock));
    database->claim().let_guests_in();
    return Adapters{
        .database = database,
        .store = std::move(store),
        .buckets = make_buckets(database, clock),
        .events = make_event_source(database, clock),
        .queue = make_queue(database, kVerdictQueue, config.max_receives, clock),
        .preset_queue = make_queue(database, kPresetQueue, config.max_receives, clock),
        .dead_letters = make_dead_letters(database, clock),
        .catalog = make_catalog(database),
        .alerts = make_alert_log(database, clock),
        .leases = make_leases(database->dir(), clock),
        .purges = make_purge_outbox(database),
        .health = database->health(),
    };
}

}  // namespace pixgate::embedded
