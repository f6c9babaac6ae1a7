#include "adapters/embedded/alert_log.h"

#include <mutex>

namespace pixgate::embedded {

namespace {

class EmbeddedAlertLog : public AlertLog {
public:
    EmbeddedAlertLog(std::shared_ptr<Database> database, const Clock& clock)
        : db_(std::move(database)), clock_(clock) {}

    Task<Result<void>> raise(Alert alert) override {
        auto add = [&alert](Connection& db) { return raise_alert(db, alert); };
        co_return co_await db_->write(std::move(add));
    }

    Task<Result<std::vector<Alert>>> pending(std::size_t limit) override {
        auto look = [this, limit](Connection& db) { return read_pending(db, limit); };
        co_return co_await db_->read(std::move(look));
    }

    Task<Result<void>> mark_said(std::int64_t up_to_seq) override {
        if (db_->health()->is_read_only()) {
            const std::lock_guard lock(mutex_);
            said_up_to_ = std::max(said_up_to_, up_to_seq);
            co_return Result<void>();
        }
        auto take_away = [up_to_seq](Connection& db) -> Result<void> {
            CHECK_OK(db.run("DELETE FROM alerts WHERE seq <= ?", up_to_seq));
            return {};
        };
        co_return co_await db_->write(std::move(take_away));
    }

private:
    Result<std::vector<Alert>> read_pending(Connection& db, std::size_t limit) {
        const std::lock_guard lock(mutex_);
        std::vector<Alert> out;
        TRY(auto rows, db.query(
                           "SELECT seq, kind, cause, text, image_id, at_ms FROM alerts "
                           "WHERE seq > ? ORDER BY seq LIMIT ?",
                           said_up_to_, limit
                       ));
        for (;;) {
            TRY(const bool more, rows.next());
            if (!more) break;
            out.push_back({
                .seq = rows.integer(0),
                .kind = rows.text(1),
                .cause = rows.text(2),
                .text = rows.text(3),
                .image_id = rows.text(4),
                .at = rows.time(5),
            });
        }
        CHECK_OK(note_read_only(db));
        if (read_only_ && read_only_->seq > said_up_to_ && out.size() < limit) {
            out.push_back(*read_only_);
        }
        return out;
    }

    // Its number is the next that the table would give.
    Result<void> note_read_only(Connection& db) {
        if (read_only_ || !db_->health()->is_read_only()) return {};
        TRY(const auto last, db.integer("SELECT coalesce((SELECT seq FROM sqlite_sequence "
                                        "WHERE name = 'alerts'), 0)"));
        read_only_ = Alert{
            .seq = last + 1,
            .kind = "volume_read_only",
            .cause = "fsync failed",
            .text = "The disk failed to sync: no more writes until a restart. Look at the disk.",
            .image_id = {},
            .at = clock_.now(),
        };
        return {};
    }

    std::shared_ptr<Database> db_;
    const Clock& clock_;
    std::mutex mutex_;
    std::int64_t said_up_to_ = 0;  // only where it could not be written
    std::optional<Alert> read_only_;
};

}  // namespace

Result<void> raise_alert(Connection& db, const Alert& alert) {
    CHECK_OK(db.run(
        "INSERT INTO alerts (kind, cause, text, image_id, at_ms) VALUES (?, ?, ?, ?, ?)",
        alert.kind, alert.cause, alert.text, alert.image_id, alert.at
    ));
    return {};
}

std::unique_ptr<AlertLog> make_alert_log(std::shared_ptr<Database> database, const Clock& clock) {
    return std::make_unique<EmbeddedAlertLog>(std::move(database), clock);
}

}  // namespace pixgate::embedded
