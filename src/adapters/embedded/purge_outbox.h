// What caches in front of the edge still have to drop. Contract: ports/purge.h.
#pragma once

#include "adapters/embedded/database.h"
#include "ports/purge.h"

namespace pixgate::embedded {

std::unique_ptr<PurgeOutbox> make_purge_outbox(std::shared_ptr<Database> database);

}  // namespace pixgate::embedded
