// Alerts as a table. A volume that went read-only is an alert too, though nothing can be written
// any more: it is kept in memory, as is what was said since. Opened by embedded.h.
#pragma once

#include <memory>

#include "adapters/embedded/database.h"
#include "ports/alerts.h"

namespace pixgate::embedded {

std::unique_ptr<AlertLog> make_alert_log(std::shared_ptr<Database> database, const Clock& clock);

// For the transaction that has something to tell.
Result<void> raise_alert(Connection& db, const Alert& alert);

}  // namespace pixgate::embedded
