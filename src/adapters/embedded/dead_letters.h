// Dead letters as a table, and how the other adapters write them. Opened by embedded.h.
#pragma once

#include <memory>

#include "adapters/embedded/database.h"
#include "ports/dead_letters.h"

namespace pixgate::embedded {

std::unique_ptr<DeadLetters> make_dead_letters(
    std::shared_ptr<Database> database, const Clock& clock
);

// For the transaction that gives up an event or message: the letter (its id and died_at are made
// here) and the alert that tells of it.
Result<void> bury(Connection& db, const DeadLetter& letter, TimePoint now);

}  // namespace pixgate::embedded
