#include "adapters/embedded/image_rows.h"

#include <algorithm>

#include "core/snapshot.h"

namespace pixgate::embedded {

namespace {

#define PIXGATE_IMAGE_COLUMNS                                                                  \
    "id, owner, policy, state, reason, filename, bucket, key, declared_type, declared_bytes, " \
    "etag, content_type, size_bytes, sha256, width_px, height_px, frames, metadata, "          \
    "created_ms, expires_ms, ready_ms, has_alpha, dominant_colour, thumbhash, blurhash, "      \
    "history, variants "

Result<ImageState> read_state(const std::string& name) {
    const auto state = parse_image_state(name);
    if (!state) return fail(Errc::kCorrupt, "stored image: unknown state " + name);
    return *state;
}

Result<Image> read_row(const Rows& row) {
    Image image;
    image.id.value = row.text(0);
    image.owner = row.text(1);
    image.policy = row.text(2);
    TRY(image.state, read_state(row.text(3)));
    image.reason = row.text(4);
    image.filename = row.text(5);
    image.bucket = row.text(6);
    image.key = row.text(7);
    image.declared_type = row.text(8);
    image.declared_bytes = row.number<std::uint64_t>(9);
    image.etag = row.text(10);
    image.content_type = row.text(11);
    image.size_bytes = row.number<std::uint64_t>(12);
    image.sha256 = row.text(13);
    image.width_px = row.number<std::uint32_t>(14);
    image.height_px = row.number<std::uint32_t>(15);
    image.frames = row.number<std::uint32_t>(16);
    TRY(image.metadata, read_text_map(row.text(17)));
    image.created_at = row.time(18);
    image.expires_at = row.time(19);
    if (!row.is_null(20)) image.ready_at = row.time(20);
    image.has_alpha = row.integer(21) != 0;
    image.dominant_colour = row.text(22);
    image.thumbhash = row.text(23);
    image.blurhash = row.text(24);
    TRY(image.history, read_history(row.text(25)));
    TRY(image.variants, read_variants(row.text(26)));
    std::ranges::sort(image.variants, comes_before);
    return image;
}

// When the sweeper has to look at it again.
TimePoint due_at(const Image& image) {
    return image.state == ImageState::kPending ? image.expires_at : image.history.back().at;
}

Result<std::vector<Image>> read_rows(Rows rows) {
    std::vector<Image> out;
    for (;;) {
        TRY(const bool more, rows.next());
        if (!more) return out;
        TRY(auto image, read_row(rows));
        out.push_back(std::move(image));
    }
}

}  // namespace

Result<void> insert_image(Connection& db, const NewImage& wanted) {
    const Image& image = wanted.image;
    std::optional<std::string> idempotency_key;
    if (!wanted.idempotency_key.empty()) idempotency_key = wanted.idempotency_key;
    CHECK_OK(db.run(
        "INSERT INTO images (id, owner, policy, state, reason, filename, bucket, key, "
        "declared_type, declared_bytes, etag, content_type, size_bytes, sha256, width_px, "
        "height_px, frames, has_alpha, dominant_colour, thumbhash, blurhash, metadata, created_ms, "
        "expires_ms, ready_ms, due_ms, caller_id, idempotency_key, request_hash, history, "
        "variants) "
        "VALUES (?, ?, ?, ?, '', ?, ?, ?, ?, ?, '', '', 0, '', 0, 0, 1, 0, '', '', '', ?, ?, ?, "
        "NULL, ?, ?, ?, ?, ?, '[]')",
        image.id.value, image.owner, image.policy, name_of(image.state), image.filename,
        image.bucket, image.key, image.declared_type, image.declared_bytes,
        write_text_map(image.metadata), image.created_at, image.expires_at, due_at(image),
        wanted.caller_id, idempotency_key, wanted.request_hash, write_history(image.history)
    ));
    return {};
}

Result<std::optional<Image>> find_image(Connection& db, const std::string& id) {
    TRY(auto rows, db.query("SELECT " PIXGATE_IMAGE_COLUMNS "FROM images WHERE id = ?", id));
    TRY(const bool found, rows.next());
    if (!found) return std::nullopt;
    TRY(Image image, read_row(rows));
    return image;
}

Result<void> update_image(Connection& db, const Image& image) {
    CHECK_OK(db.run(
        "UPDATE images SET state = ?, reason = ?, filename = ?, etag = ?, content_type = ?, "
        "size_bytes = ?, sha256 = ?, width_px = ?, height_px = ?, frames = ?, metadata = ?, "
        "ready_ms = ?, due_ms = ?, has_alpha = ?, dominant_colour = ?, thumbhash = ?, "
        "blurhash = ?, history = ?, variants = ? WHERE id = ?",
        name_of(image.state), image.reason, image.filename, image.etag, image.content_type,
        image.size_bytes, image.sha256, image.width_px, image.height_px, image.frames,
        write_text_map(image.metadata), image.ready_at, due_at(image), image.has_alpha,
        image.dominant_colour, image.thumbhash, image.blurhash, write_history(image.history),
        write_variants(image.variants), image.id.value
    ));
    return {};
}

Result<std::vector<Image>> list_images(Connection& db, const ImageQuery& query, std::size_t n) {
    // "~" sorts behind every id.
    const std::string before = query.cursor.empty() ? "~" : query.cursor;
    const auto state = query.state ? name_of(*query.state) : std::string_view();
    // The planner uses the index of rare states only where the text says that the state is one.
    if (query.state && *query.state != ImageState::kReady) {
        TRY(auto rows,
            db.query(
                "SELECT " PIXGATE_IMAGE_COLUMNS "FROM images WHERE state = ?1 AND state <> 'ready' "
                "AND id < ?2 AND (?3 IS NULL OR owner = ?3) ORDER BY id DESC LIMIT ?4",
                state, before, query.owner, n
            ));
        return read_rows(std::move(rows));
    }
    if (query.owner) {
        TRY(auto rows,
            db.query(
                "SELECT " PIXGATE_IMAGE_COLUMNS "FROM images WHERE owner = ?1 AND id < ?2 AND "
                "state <> 'deleted' AND (?3 = '' OR state = ?3) "
                "ORDER BY id DESC LIMIT ?4",
                *query.owner, before, state, n
            ));
        return read_rows(std::move(rows));
    }
    TRY(auto rows,
        db.query(
            "SELECT " PIXGATE_IMAGE_COLUMNS "FROM images WHERE id < ?1 AND state <> 'deleted' "
            "AND (?2 = '' OR state = ?2) ORDER BY id DESC LIMIT ?3",
            before, state, n
        ));
    return read_rows(std::move(rows));
}

Result<std::vector<Image>> due_images(Connection& db, const DueQuery& query) {
    TRY(auto rows,
        db.query(
            "SELECT " PIXGATE_IMAGE_COLUMNS "FROM images WHERE state = ? AND state <> 'ready' "
            "AND due_ms < ? ORDER BY due_ms LIMIT ?",
            name_of(query.state), query.before, query.limit
        ));
    return read_rows(std::move(rows));
}

}  // namespace pixgate::embedded
