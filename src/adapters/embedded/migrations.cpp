#include "adapters/embedded/migrations.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/failpoint.h"
#include "base/log.h"

namespace pixgate::embedded {

namespace {

Result<void> take(Connection& db, const Migration& step, TimePoint now) {
    CHECK_OK(db.run("BEGIN IMMEDIATE"));
    auto done = db.script(step.sql);
    if (done) done = failpoint::check("migrate.before_note");
    if (done) {
        const auto noted =
            db.run("INSERT INTO schema_migrations VALUES (?, ?, ?)", step.number, step.name, now);
        if (!noted) done = std::unexpected(noted.error());
    }
    if (done) {
        CHECK_OK(db.run("COMMIT"));
        return {};
    }
    if (db.is_in_transaction()) CHECK_OK(db.run("ROLLBACK"));
    Error error = std::move(done).error();
    error.message = fmt::format("migration {:04}_{}: {}", step.number, step.name, error.message);
    return std::unexpected(std::move(error));
}

Result<std::int64_t> schema_of(Connection& db) {
    TRY(const std::int64_t is_there,
        db.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_migrations'"));
    if (is_there == 0) return 0;
    return db.integer("SELECT coalesce(max(number), 0) FROM schema_migrations");
}

int newest_of(std::span<const Migration> steps) {
    return steps.empty() ? 0 : steps.back().number;
}

std::unexpected<Error> newer(const std::string& path, std::int64_t at, int newest) {
    return fail(
        Errc::kFailedPrecondition,
        fmt::format(
            "{} was written by a newer version of Pixgate (schema {}, this one knows {}); use that "
            "version, or the copy made before the upgrade",
            path, at, newest
        ),
        "newer_schema"
    );
}

}  // namespace

Result<void> check_schema(
    Connection& db, const std::string& path, std::span<const Migration> steps
) {
    TRY(const std::int64_t at, schema_of(db));
    const int newest = newest_of(steps);
    if (at > newest) return newer(path, at, newest);
    if (at == newest) return {};
    return fail(
        Errc::kFailedPrecondition,
        fmt::format(
            "{} has to be brought from schema {} to {}, which is for the process with all roles "
            "but edge: stop the edge processes, start that one, then start them again",
            path, at, newest
        ),
        "older_schema"
    );
}

Result<void> migrate(
    Connection& db, const std::string& path, TimePoint now, std::span<const Migration> steps
) {
    CHECK_OK(db.script(
        "CREATE TABLE IF NOT EXISTS schema_migrations ("
        "number INTEGER PRIMARY KEY, name TEXT NOT NULL, taken_ms INTEGER NOT NULL) STRICT"
    ));
    TRY(const std::int64_t at, schema_of(db));
    const int newest = newest_of(steps);
    if (at > newest) return newer(path, at, newest);
    if (at > 0 && at < newest) {
        log::info(
            "bringing the database to a new schema; a large one takes minutes",
            {{"from", at}, {"to", newest}}
        );
        const std::string copy = fmt::format("{}.before-{:04}", path, newest);
        std::error_code ec;
        std::filesystem::remove(copy, ec);  // of a run that was cut short
        CHECK_OK(db.run("VACUUM INTO ?", copy));
    }
    for (const auto& step : steps) {
        if (step.number > at) CHECK_OK(take(db, step, now));
    }
    return {};
}

}  // namespace pixgate::embedded
