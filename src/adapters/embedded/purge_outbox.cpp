#include "adapters/embedded/purge_outbox.h"

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

    Task<Result<std::vector<PendingPurge>>> pending(std::size_t limit) override {
        auto look = [limit](Connection& db) -> Result<std::vector<PendingPurge>> {
            std::vector<PendingPurge> out;
            TRY(auto rows,
                db.query("SELECT seq, image_id, since_ms FROM purges ORDER BY seq LIMIT ?", limit));
            for (;;) {
                TRY(const bool more, rows.next());
                if (!more) return out;
                out.push_back({rows.integer(0), ImageId{rows.text(1)}, rows.time(2)});
            }
        };
        co_return co_await db_->read(std::move(look));
    }

    Task<Result<void>> done(std::int64_t up_to_seq) override {
        auto take_away = [up_to_seq](Connection& db) -> Result<void> {
            CHECK_OK(db.run("DELETE FROM purges WHERE seq <= ?", up_to_seq));
            return {};
        };
        co_return co_await db_->write(std::move(take_away));
    }

private:
    std::shared_ptr<Database> db_;
};

}  // namespace

std::unique_ptr<PurgeOutbox> make_purge_outbox(std::shared_ptr<Database> database) {
    return std::make_unique<EmbeddedPurgeOutbox>(std::move(database));
}

}  // namespace pixgate::embedded
