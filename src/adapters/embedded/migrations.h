// The schema in numbered steps: db/sqlite/NNNN_name.sql, embedded at build time.
#pragma once

#include <span>
#include <string>

#include "adapters/embedded/sqlite.h"

namespace pixgate::embedded {

struct Migration {
    int number;  // 1, 2, 3 …
    const char* name;
    const char* sql;
};
std::span<const Migration> migrations();

// Brings the database to the newest schema. Each step and the note that it was taken are one
// transaction, so a run that was cut short goes on where it ended. Before a database with data is
// changed, a copy is kept at `{path}.before-NNNN`.
//   errors  kFailedPrecondition, reason "newer_schema": made by a newer version; untouched
Result<void> migrate(
    Connection& db,
    const std::string& path,
    TimePoint now,
    std::span<const Migration> steps = migrations()
);

// That there is nothing to bring up, for who may not change it.
//   errors  kFailedPrecondition, reasons "newer_schema" and "older_schema"
Result<void> check_schema(
    Connection& db, const std::string& path, std::span<const Migration> steps = migrations()
);

}  // namespace pixgate::embedded
