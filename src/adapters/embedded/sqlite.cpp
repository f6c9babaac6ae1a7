#include "adapters/embedded/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace pixgate::embedded {

namespace {

constexpr std::chrono::microseconds kBusyPause{100};

Errc code_of(int rc, int system_errno) {
    switch (rc & 0xff) {
        case SQLITE_FULL:
            return Errc::kNoSpace;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_NOMEM:
            return Errc::kUnavailable;
        case SQLITE_CONSTRAINT:
            // Others mean that the data or the code is wrong, not that the work is done already.
            return rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY
                       ? Errc::kAlreadyExists
                       : Errc::kInternal;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return Errc::kCorrupt;
        case SQLITE_READONLY:
            return Errc::kReadOnly;
        case SQLITE_TOOBIG:
            return Errc::kTooLarge;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
            // SQLite says FULL only for some of the calls that fail for lack of space.
            return system_errno == ENOSPC || system_errno == EDQUOT ? Errc::kNoSpace
                                                                    : Errc::kUnavailable;
        default:
            return Errc::kInternal;
    }
}

std::unexpected<Error> failure(sqlite3* db, int rc, std::string_view what) {
    const int extended = sqlite3_extended_errcode(db);
    const bool is_sync = extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC;
    return fail(
        is_sync ? Errc::kReadOnly : code_of(rc, sqlite3_system_errno(db)),
        fmt::format("database: {} ({}): {}", sqlite3_errmsg(db), extended, what.substr(0, 120)),
        std::string(is_sync ? kSyncFailed : "")
    );
}

}  // namespace

Rows::~Rows() {
    if (statement_ == nullptr) return;
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

Result<bool> Rows::next() {
    const int rc = sqlite3_step(statement_);
    if (rc == SQLITE_ROW) return true;
    if (rc == SQLITE_DONE) return false;
    return failure(sqlite3_db_handle(statement_), rc, sqlite3_sql(statement_));
}

void Rows::rewind() {
    sqlite3_reset(statement_);
}

std::int64_t Rows::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}
std::string Rows::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    return data != nullptr ? std::string(data, size) : std::string();
}
TimePoint Rows::time(int column) const {
    return TimePoint(std::chrono::milliseconds(integer(column)));
}
bool Rows::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

void Rows::bind(int index, std::nullptr_t) {
    sqlite3_bind_null(statement_, index);
}
void Rows::bind(int index, std::string_view value) {
    // A null pointer would be NULL, not the empty text.
    const char* data = value.data() != nullptr ? value.data() : "";
    sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
void Rows::bind(int index, TimePoint value) {
    bind_integer(index, value.time_since_epoch().count());
}
void Rows::bind_integer(int index, std::int64_t value) {
    sqlite3_bind_int64(statement_, index, value);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path) {
    sqlite3* db = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                      SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW;
    const int rc = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
    if (db == nullptr) return fail(Errc::kUnavailable, "no memory for SQLite");
    std::unique_ptr<Connection> connection(new Connection(db));
    if (rc != SQLITE_OK) return failure(db, rc, path);
    sqlite3_busy_handler(db, &wait_for_others, connection.get());
    sqlite3_extended_result_codes(db, 1);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 8 << 20);
    CHECK_OK(connection->script(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
        "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
    ));
    return connection;
}

// Another process writes, or reads where the log is to begin anew. SQLite's own handler soon looks
// every 100 ms only, and beside a process that commits all the time it would never find the gap.
int Connection::wait_for_others(void* self, int times) {
    auto& connection = *static_cast<Connection*>(self);
    const auto now = std::chrono::steady_clock::now();
    if (times == 0) connection.busy_since_ = now;
    if (now - connection.busy_since_ > connection.busy_limit_) return 0;
    std::this_thread::sleep_for(kBusyPause);
    return 1;
}

Connection::Connection(sqlite3* db) : db_(db) {
    const auto count = [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Connection*>(self)->log_pages_ = pages;
        return SQLITE_OK;
    };
    // Setting wal_autocheckpoint would take this hook away; without it there is none.
    sqlite3_wal_hook(db_, count, this);
}

Connection::~Connection() {
    for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(db_);
}

Result<Rows> Connection::prepare(std::string_view sql) {
    if (const auto it = statements_.find(sql); it != statements_.end()) return Rows(it->second);
    sqlite3_stmt* statement = nullptr;
    const int rc = sqlite3_prepare_v3(
        db_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
        nullptr
    );
    if (rc != SQLITE_OK) return failure(db_, rc, sql);
    statements_.emplace(sql, statement);
    return Rows(statement);
}

Result<std::int64_t> Connection::finish(Rows& rows) {
    for (;;) {
        TRY(const bool more, rows.next());
        if (!more) return sqlite3_changes64(db_);
    }
}

Result<void> Connection::script(const std::string& sql) {
    const int rc = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
    if (rc != SQLITE_OK) return failure(db_, rc, sql);
    return {};
}

std::int64_t Connection::last_id() const {
    return sqlite3_last_insert_rowid(db_);
}
bool Connection::is_in_transaction() const {
    return sqlite3_get_autocommit(db_) == 0;
}

Result<int> Connection::checkpoint() {
    int in_log = 0;
    int moved = 0;
    const int rc =
        sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
    if (rc != SQLITE_OK && rc != SQLITE_BUSY) return failure(db_, rc, "checkpoint");
    moved_pages_ = moved;
    return in_log - moved;
}

Result<void> Connection::restart_log() {
    busy_limit_ = kRestartLimit;
    const int rc =
        sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
    busy_limit_ = kBusyLimit;
    if (rc != SQLITE_OK && rc != SQLITE_BUSY) return failure(db_, rc, "checkpoint");
    return {};
}

void Connection::skip_final_checkpoint() {
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

}  // namespace pixgate::embedded
