#include "adapters/embedded/purge_outbox.h"

#include <algorithm>

namespace pixgate::embedded {

namespace {

class EmbeddedPurgeOutbox : public PurgeOutbox {
public:
    explicit EmbeddedPurgeOutbox(std::shared_ptr<Database> database) : db_(std::move(database)) {}

    Task<Result<std::optional<std::int64_t>>> position() override {
        auto look = [](Connection& db) -> Result<std::optional<std::int64_t>> {
            TRY(auto rows, db.query("SELECT seq FROM purge_position"));
            TRY(const bool is_there, rows.next());
            if (!is_there) return std::nullopt;
            return rows.integer(0);
        };
        co_return co_await db_->read(std::move(look));
    }

    Task<Result<void>> take_over(std::vector<ImageId> images, std::int64_t position, TimePoint at)
        override {
        auto add = [&](Connection& db) -> Result<void> {
            for (const auto& id : images) {
                CHECK_OK(
                    db.run("INSERT INTO purges (image_id, since_ms) VALUES (?, ?)", id.value, at)
                );
            }
            CHECK_OK(db.run("INSERT OR REPLACE INTO purge_position VALUES (1, ?)", position));
            return {};
        };
        co_return co_await db_->write(std::move(add));
    }

    Task<Result<std::vector<PendingPurge>>> pending(std::string target, std::size_t limit)
        override {
        auto look = [&](Connection& db) -> Result<std::vector<PendingPurge>> {
            std::vector<PendingPurge> out;
            TRY(auto rows, db.query(
                               "SELECT seq, image_id, since_ms FROM purges WHERE seq > "
                               "coalesce((SELECT seq FROM purges_told WHERE target = ?), 0) "
                               "ORDER BY seq LIMIT ?",
                               target, limit
                           ));
            for (;;) {
                TRY(const bool more, rows.next());
                if (!more) return out;
                out.push_back({rows.integer(0), ImageId{rows.text(1)}, rows.time(2)});
            }
        };
        co_return co_await db_->read(std::move(look));
    }

    Task<Result<void>> done(
        std::string target, std::int64_t up_to_seq, std::vector<std::string> all_targets
    ) override {
        auto move_on = [&](Connection& db) -> Result<void> {
            CHECK_OK(db.run(
                "INSERT INTO purges_told VALUES (?, ?) ON CONFLICT (target) DO UPDATE SET "
                "seq = max(seq, excluded.seq)",
                target, up_to_seq
            ));
            std::int64_t told = up_to_seq;
            for (const auto& each : all_targets) {
                TRY(auto rows, db.query("SELECT seq FROM purges_told WHERE target = ?", each));
                TRY(const bool is_there, rows.next());
                told = std::min(told, is_there ? rows.integer(0) : 0);
            }
            CHECK_OK(db.run("DELETE FROM purges WHERE seq <= ?", told));
            return {};
        };
        co_return co_await db_->write(std::move(move_on));
    }

private:
    std::shared_ptr<Database> db_;
};

}  // namespace

std::unique_ptr<PurgeOutbox> make_purge_outbox(std::shared_ptr<Database> database) {
    return std::make_unique<EmbeddedPurgeOutbox>(std::move(database));
}

}  // namespace pixgate::embedded
