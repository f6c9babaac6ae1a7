// Leases of the processes on one data directory: a table in DIR/leases that all of them map, so
// that a lease costs no write to the disk and no lock. Opened by embedded.h.
//
// A slot is one word, chosen by the name's hash; two names that share one wait for each other,
// which costs time and never more. It says until when, by the machine's steady clock: what a
// restart of the machine left there lies too far ahead to be believed.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "ports/leases.h"

namespace pixgate::embedded {

// Null, with a warning in the log, where the file cannot be made: leases only save work.
std::unique_ptr<Leases> make_leases(const std::filesystem::path& dir, const Clock& clock);

}  // namespace pixgate::embedded
