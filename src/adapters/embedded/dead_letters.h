// Dead letters and alerts as tables, and how the other adapters write them. Opened by embedded.h.
#pragma once

#include <memory>

#include "adapters/embedded/database.h"
#include "ports/alerts.h"
#include "ports/dead_letters.h"

namespace pixgate::embedded {

std::unique_ptr<DeadLetters> make_dead_letters(
    std::shared_ptr<Database> database, const Clock& clock
);
std::unique_ptr<AlertLog> make_alert_log(std::shared_ptr<Database> database);

// For the transaction that gives up an event or message: the letter (its id and died_at are made
// here) and the alert that tells of it.
Result<void> bury(Connection& db, const DeadLetter& letter, TimePoint now);
Result<void> raise_alert(Connection& db, const Alert& alert);

}  // namespace pixgate::embedded
