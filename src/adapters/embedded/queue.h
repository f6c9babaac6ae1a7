// Queues in one table. Visibility runs on steady time, so that a jump of the wall clock neither
// hides nor doubles anything. When the process ends, its consumers end too: at the next start every
// message is visible. Receive counts survive. Opened by embedded.h.
#pragma once

#include <memory>

#include "adapters/embedded/database.h"
#include "ports/queue.h"

namespace pixgate::embedded {

std::unique_ptr<Queue> make_queue(
    std::shared_ptr<Database> database,
    std::string_view name,
    std::uint32_t max_receives,
    const Clock& clock
);
// At the start, before anybody receives.
Result<void> make_all_visible(Connection& db, TimePoint now);

}  // namespace pixgate::embedded
