// The outbox. Who runs what is kept in memory only, since one process owns the directory: after a
// restart everything that is not done is due. Numbers of failed runs are in the rows.
#pragma once

#include <memory>

#include "adapters/embedded/database.h"
#include "ports/event_source.h"

namespace pixgate::embedded {

std::unique_ptr<EventSource> make_event_source(
    std::shared_ptr<Database> database, const Clock& clock
);

}  // namespace pixgate::embedded
