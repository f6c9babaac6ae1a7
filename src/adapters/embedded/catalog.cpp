#include "adapters/embedded/catalog.h"

#include "adapters/embedded/image_rows.h"
#include "base/failpoint.h"
#include "base/ids.h"
#include "core/snapshot.h"

namespace pixgate::embedded {

namespace {

using Steady = std::chrono::steady_clock;

constexpr std::int64_t kMaxFeedEntries = 100'000;
constexpr std::int64_t kFeedPruneStep = 1'000;

Result<bool> is_processed(Connection& db, const StorageEvent& event) {
    TRY(const auto n, db.integer(
                          "SELECT count(*) FROM processed_events "
                          "WHERE bucket = ? AND key = ? AND etag = ? AND sequencer = ?",
                          event.bucket, event.key, event.etag, event.sequencer
                      ));
    return n > 0;
}

Result<bool> is_stale(Connection& db, const StorageEvent& event) {
    TRY(auto rows, db.query(
                       "SELECT sequencer FROM newest_events WHERE bucket = ? AND key = ?",
                       event.bucket, event.key
                   ));
    TRY(const bool found, rows.next());
    return found && compare_sequencers(event.sequencer, rows.text(0)) < 0;
}

Result<void> note_event(Connection& db, const StorageEvent& event) {
    CHECK_OK(db.run(
        "INSERT INTO processed_events VALUES (?, ?, ?, ?)", event.bucket, event.key, event.etag,
        event.sequencer
    ));
    CHECK_OK(db.run(
        "INSERT OR REPLACE INTO newest_events VALUES (?, ?, ?)", event.bucket, event.key,
        event.sequencer
    ));
    return {};
}

Result<void> tell_feed(Connection& db, const Image& image) {
    CHECK_OK(db.run(
        "INSERT INTO feed (image_id, owner, snapshot) VALUES (?, ?, ?)", image.id.value,
        image.owner, write_snapshot(image)
    ));
    const std::int64_t seq = db.last_id();
    if (seq % kFeedPruneStep == 0) {
        CHECK_OK(db.run("DELETE FROM feed WHERE seq <= ?", seq - kMaxFeedEntries));
    }
    db.announce(Topic::kFeed);
    return {};
}

Result<std::optional<Created>> find_replay(Connection& db, const NewImage& wanted) {
    if (wanted.idempotency_key.empty()) return std::nullopt;
    TRY(auto rows, db.query(
                       "SELECT id, request_hash FROM images "
                       "WHERE caller_id = ? AND idempotency_key = ?",
                       wanted.caller_id, wanted.idempotency_key
                   ));
    TRY(const bool found, rows.next());
    if (!found) return std::nullopt;
    if (rows.text(1) != wanted.request_hash) {
        return fail(
            Errc::kFailedPrecondition, "the key was used for another request",
            "idempotency_key_reused"
        );
    }
    TRY(auto image, find_image(db, rows.text(0)));
    if (!image) return fail(Errc::kInternal, "image vanished inside a transaction");
    return Created{std::move(*image), true};
}

Result<void> check_quota(Connection& db, const NewImage& wanted) {
    if (wanted.max_open == 0) return {};
    TRY(const auto open, db.integer(
                             "SELECT count(*) FROM (SELECT 1 FROM images WHERE caller_id = ? "
                             "AND state = 'pending' LIMIT ?)",
                             wanted.caller_id, wanted.max_open
                         ));
    if (open >= wanted.max_open) {
        return fail(Errc::kOverloaded, "too many open uploads", "open_uploads");
    }
    return {};
}

Result<Created> create_now(Connection& db, NewImage& wanted) {
    TRY(auto replay, find_replay(db, wanted));
    if (replay) return std::move(*replay);
    CHECK_OK(check_quota(db, wanted));
    wanted.image.state = ImageState::kPending;
    wanted.image.history = {{ImageState::kPending, wanted.image.created_at, {}}};
    CHECK_OK(insert_image(db, wanted));
    return Created{wanted.image, false};
}

Result<Applied> apply_now(Connection& db, const Change& change) {
    CHECK_OK(failpoint::check("pub.before_tx"));
    TRY(const auto found, find_image(db, change.id.value));
    if (!found) return fail(Errc::kNotFound, "no such image");
    if (change.event) {
        TRY(const bool is_duplicate, is_processed(db, *change.event));
        if (is_duplicate) return Applied::kDuplicate;
        TRY(const bool is_old, is_stale(db, *change.event));
        if (is_old) return Applied::kStale;
    }
    Image image = *found;
    const Applied applied = change_image(image, change);
    if (!took_effect(applied)) return applied;
    CHECK_OK(update_image(db, image));
    if (change.event && is_effect(change)) CHECK_OK(note_event(db, *change.event));
    CHECK_OK(tell_feed(db, image));
    return applied;
}

Result<std::vector<FeedEntry>> read_entries(Rows rows) {
    std::vector<FeedEntry> out;
    for (;;) {
        TRY(const bool more, rows.next());
        if (!more) return out;
        TRY(auto image, read_snapshot(rows.text(1)));
        out.push_back({rows.integer(0), std::move(image)});
    }
}

Result<std::vector<FeedEntry>> read_feed(Connection& db, const FeedQuery& query) {
    if (query.image_id) {
        TRY(auto rows, db.query(
                           "SELECT seq, snapshot FROM feed WHERE image_id = ?1 AND seq > ?2 "
                           "AND (?3 IS NULL OR owner = ?3) ORDER BY seq LIMIT ?4",
                           query.image_id->value, query.after, query.owner, query.limit
                       ));
        return read_entries(std::move(rows));
    }
    if (query.owner) {
        TRY(auto rows, db.query(
                           "SELECT seq, snapshot FROM feed WHERE owner = ? AND seq > ? "
                           "ORDER BY seq LIMIT ?",
                           *query.owner, query.after, query.limit
                       ));
        return read_entries(std::move(rows));
    }
    TRY(auto rows, db.query(
                       "SELECT seq, snapshot FROM feed WHERE seq > ? ORDER BY seq LIMIT ?",
                       query.after, query.limit
                   ));
    return read_entries(std::move(rows));
}

class EmbeddedCatalog : public Catalog {
public:
    explicit EmbeddedCatalog(std::shared_ptr<Database> database) : db_(std::move(database)) {}

    Task<Result<Created>> create(NewImage wanted) override {
        auto add = [&wanted](Connection& db) { return create_now(db, wanted); };
        co_return co_await db_->write(std::move(add), Purpose::kNewWork);
    }

    Task<Result<Image>> find(ImageId id) override {
        auto look = [&id](Connection& db) -> Result<Image> {
            TRY(auto image, find_image(db, id.value));
            if (!image || image->state == ImageState::kDeleted) {
                return fail(Errc::kNotFound, "no such image");
            }
            return std::move(*image);
        };
        co_return co_await db_->read(std::move(look));
    }

    Task<Result<ImagePage>> list(ImageQuery query) override {
        if (!query.cursor.empty() && !is_uuid_v7(query.cursor)) {
            co_return fail(Errc::kInvalidArgument, "not a cursor", "cursor");
        }
        if (query.state == ImageState::kDeleted) co_return ImagePage{};
        auto look = [&query](Connection& db) -> Result<ImagePage> {
            ImagePage page;
            TRY(page.images, list_images(db, query, query.limit + 1));
            const bool has_more = page.images.size() > query.limit;
            if (has_more) page.images.resize(query.limit);
            if (has_more && !page.images.empty()) page.next_cursor = page.images.back().id.value;
            return page;
        };
        co_return co_await db_->read(std::move(look));
    }

    Task<Result<Applied>> apply(Change change) override {
        auto change_it = [&change](Connection& db) { return apply_now(db, change); };
        auto applied = co_await db_->write(std::move(change_it));
        if (applied) CO_CHECK(failpoint::check("pub.after_tx"));
        co_return applied;
    }

    Task<Result<std::vector<FeedEntry>>> feed(FeedQuery query) override {
        const auto deadline = Steady::now() + query.wait;
        Signal& changed = db_->changed(Topic::kFeed);
        for (;;) {
            const auto seen = changed.version();
            auto look = [&query](Connection& db) { return read_feed(db, query); };
            CO_TRY(auto entries, co_await db_->read(std::move(look)));
            const auto now = Steady::now();
            if (!entries.empty() || now >= deadline) co_return entries;
            co_await changed.wait(seen, deadline - now);
        }
    }

    Task<Result<std::int64_t>> last_seq() override {
        auto look = [](Connection& db) {
            return db.integer("SELECT coalesce(max(seq), 0) FROM feed");
        };
        co_return co_await db_->read(std::move(look));
    }

    Task<Result<std::vector<Image>>> due(DueQuery query) override {
        auto look = [&query](Connection& db) { return due_images(db, query); };
        co_return co_await db_->read(std::move(look));
    }

private:
    std::shared_ptr<Database> db_;
};

}  // namespace

std::unique_ptr<Catalog> make_catalog(std::shared_ptr<Database> database) {
    return std::make_unique<EmbeddedCatalog>(std::move(database));
}

}  // namespace pixgate::embedded
