// SQLite as values: a connection with its prepared statements, rows, and error codes of ours.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace pixgate::embedded {

// Who waits for what a transaction did.
enum class Topic : std::uint8_t { kEvents, kMessages, kFeed };

// A prepared statement in use; reset, but kept prepared, when it goes out of scope.
class Rows {
public:
    explicit Rows(sqlite3_stmt* statement) : statement_(statement) {}
    Rows(Rows&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
    Rows& operator=(Rows&&) = delete;
    ~Rows();

    // To the next row; false after the last one.
    Result<bool> next();
    void rewind();  // to bind anew and run again

    std::int64_t integer(int column) const;
    template <class T>
    T number(int column) const {
        return static_cast<T>(integer(column));
    }
    std::string text(int column) const;
    TimePoint time(int column) const;
    bool is_null(int column) const;

    void bind(int index, std::nullptr_t);
    void bind(int index, std::string_view value);
    void bind(int index, TimePoint value);
    template <class I>
        requires std::is_integral_v<I>
    void bind(int index, I value) {
        bind_integer(index, static_cast<std::int64_t>(value));
    }
    template <class T>
    void bind(int index, const std::optional<T>& value) {
        value ? bind(index, *value) : bind(index, nullptr);
    }

private:
    void bind_integer(int index, std::int64_t value);
    sqlite3_stmt* statement_;
};

// One connection; one thread at a time.
class Connection {
public:
    // Ready to use: WAL, synchronous FULL, foreign keys on, checkpoints only when told.
    static Result<std::unique_ptr<Connection>> open(const std::string& path);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // The rows of a statement; `sql` is a literal, prepared once per connection.
    template <class... Args>
    Result<Rows> query(std::string_view sql, const Args&... args) {
        TRY(Rows rows, prepare(sql));
        int index = 0;
        (rows.bind(++index, args), ...);
        return rows;
    }
    // Runs it to the end. Returns the number of rows it changed.
    template <class... Args>
    Result<std::int64_t> run(std::string_view sql, const Args&... args) {
        TRY(Rows rows, query(sql, args...));
        return finish(rows);
    }
    // Several statements at once, not kept.
    Result<void> script(const std::string& sql);
    // The first column of the one row there must be.
    template <class... Args>
    Result<std::int64_t> integer(std::string_view sql, const Args&... args) {
        TRY(Rows rows, query(sql, args...));
        TRY(const bool found, rows.next());
        if (!found) return fail(Errc::kInternal, "no row: " + std::string(sql));
        return rows.integer(0);
    }

    std::int64_t last_id() const;
    bool is_in_transaction() const;

    // When the transaction under way is committed, those that wait for the topic are woken.
    void announce(Topic topic) { announced_ |= 1U << static_cast<unsigned>(topic); }
    unsigned take_announced() { return std::exchange(announced_, 0U); }

    // Pages in the write-ahead log after this connection's last commit.
    int log_pages() const { return log_pages_; }
    // Moves what is in the log to the database file, as far as nobody is in the way. Returns the
    // pages left in the log.
    Result<int> checkpoint();
    // How much of the log's beginning was in the database file after this connection's last
    // checkpoint.
    int moved_pages() const { return moved_pages_; }
    // The same where nobody reads, so that the next commit begins the log anew.
    Result<void> restart_log();
    // Else the last connection that closes checkpoints, which must not be after a failed fsync.
    void skip_final_checkpoint();

private:
    static constexpr std::chrono::seconds kBusyLimit{5};
    // All reads and writes of this process wait for it.
    static constexpr std::chrono::milliseconds kRestartLimit{200};

    explicit Connection(sqlite3* db);
    static int wait_for_others(void* self, int times);
    Result<Rows> prepare(std::string_view sql);
    Result<std::int64_t> finish(Rows& rows);

    sqlite3* db_;
    std::unordered_map<std::string_view, sqlite3_stmt*> statements_;
    unsigned announced_ = 0;
    int log_pages_ = 0;
    int moved_pages_ = 0;
    std::chrono::milliseconds busy_limit_ = kBusyLimit;
    std::chrono::steady_clock::time_point busy_since_;
};

// Error::reason where an fsync failed, and not only some write.
inline constexpr std::string_view kSyncFailed = "sync_failed";

}  // namespace pixgate::embedded
