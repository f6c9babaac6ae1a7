#include "adapters/embedded/migrations.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/failpoint.h"

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

}  // namespace

Result<void> migrate(
    Connection& db, const std::string& path, TimePoint now, std::span<const Migration> steps
) {
    CHECK_OK(db.script(
        "CREATE TABLE IF NOT EXISTS schema_migrations ("
        "number INTEGER PRIMARY KEY, name TEXT NOT NULL, taken_ms INTEGER NOT NULL) STRICT"
    ));
    TRY(const std::int64_t at,
        db.integer("SELECT coalesce(max(number), 0) FROM schema_migrations"));
    const int newest = steps.empty() ? 0 : steps.back().number;
    if (at > newest) {
        return fail(
            Errc::kFailedPrecondition,
            fmt::format(
                "{} was written by a newer version of Pixgate (schema {}, this one knows {}); use "
                "that version, or the copy made before the upgrade",
                path, at, newest
            ),
            "newer_schema"
        );
    }
    if (at > 0 && at < newest) {
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
