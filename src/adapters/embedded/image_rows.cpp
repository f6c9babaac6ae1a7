#include "adapters/embedded/image_rows.h"

#include <algorithm>

#include "core/snapshot.h"

namespace pixgate::embedded {

namespace {

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
    return image;
}

Result<void> read_history(Connection& db, Image& image) {
    TRY(auto rows, db.query(
                       "SELECT state, at_ms, reason FROM image_history WHERE image_id = ? "
                       "ORDER BY position",
                       image.id.value
                   ));
    for (;;) {
        TRY(const bool more, rows.next());
        if (!more) return {};
        TRY(const auto state, read_state(rows.text(0)));
        image.history.push_back({state, rows.time(1), rows.text(2)});
    }
}

Result<void> read_variants(Connection& db, Image& image) {
    TRY(auto rows, db.query(
                       "SELECT name, bucket, key, etag, content_type, width_px, height_px, "
                       "size_bytes, kind FROM image_variants WHERE image_id = ?",
                       image.id.value
                   ));
    for (;;) {
        TRY(const bool more, rows.next());
        if (!more) break;
        const auto kind = parse_variant_kind(rows.text(8));
        if (!kind) return fail(Errc::kCorrupt, "stored variant: unknown kind " + rows.text(8));
        image.variants.push_back({
            .name = rows.text(0),
            .bucket = rows.text(1),
            .key = rows.text(2),
            .etag = rows.text(3),
            .content_type = rows.text(4),
            .width_px = rows.number<std::uint32_t>(5),
            .height_px = rows.number<std::uint32_t>(6),
            .size_bytes = rows.number<std::uint64_t>(7),
            .kind = *kind,
        });
    }
    std::ranges::sort(image.variants, comes_before);
    return {};
}

Result<void> write_history(Connection& db, const Image& image, std::size_t from) {
    for (std::size_t i = from; i < image.history.size(); ++i) {
        const auto& entry = image.history[i];
        CHECK_OK(db.run(
            "INSERT INTO image_history VALUES (?, ?, ?, ?, ?)", image.id.value, i,
            name_of(entry.state), entry.at, entry.reason
        ));
    }
    return {};
}

Result<void> write_variant(Connection& db, const ImageId& id, const Variant& v) {
    CHECK_OK(db.run(
        "INSERT OR REPLACE INTO image_variants (image_id, kind, name, bucket, key, etag, "
        "content_type, width_px, height_px, size_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        id.value, name_of(v.kind), v.name, v.bucket, v.key, v.etag, v.content_type, v.width_px,
        v.height_px, v.size_bytes
    ));
    return {};
}

Result<void> remove_variant(Connection& db, const ImageId& id, const Variant& v) {
    CHECK_OK(db.run(
        "DELETE FROM image_variants WHERE image_id = ? AND kind = ? AND name = ? AND key = ?",
        id.value, name_of(v.kind), v.name, v.key
    ));
    return {};
}

Result<void> write_variants(Connection& db, const Image& before, const Image& after) {
    const auto is_in = [](const std::vector<Variant>& list, const Variant& one) {
        return std::ranges::find(list, one) != list.end();
    };
    for (const auto& old : before.variants) {
        if (!is_in(after.variants, old)) CHECK_OK(remove_variant(db, after.id, old));
    }
    for (const auto& variant : after.variants) {
        if (!is_in(before.variants, variant)) CHECK_OK(write_variant(db, after.id, variant));
    }
    return {};
}

// When the sweeper has to look at it again.
TimePoint due_at(const Image& image) {
    return image.state == ImageState::kPending ? image.expires_at : image.history.back().at;
}

Result<std::vector<std::string>> first_column(Rows rows) {
    std::vector<std::string> out;
    for (;;) {
        TRY(const bool more, rows.next());
        if (!more) return out;
        out.push_back(rows.text(0));
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
        "height_px, frames, metadata, created_ms, expires_ms, ready_ms, due_ms, caller_id, "
        "idempotency_key, request_hash) "
        "VALUES (?, ?, ?, ?, '', ?, ?, ?, ?, ?, '', '', 0, '', 0, 0, 1, ?, ?, ?, NULL, ?, ?, ?, ?)",
        image.id.value, image.owner, image.policy, name_of(image.state), image.filename,
        image.bucket, image.key, image.declared_type, image.declared_bytes,
        write_text_map(image.metadata), image.created_at, image.expires_at, due_at(image),
        wanted.caller_id, idempotency_key, wanted.request_hash
    ));
    return write_history(db, image, 0);
}

Result<std::optional<Image>> find_image(Connection& db, const std::string& id) {
    TRY(auto rows, db.query(
                       "SELECT id, owner, policy, state, reason, filename, bucket, key, "
                       "declared_type, declared_bytes, etag, content_type, size_bytes, sha256, "
                       "width_px, height_px, frames, metadata, created_ms, expires_ms, ready_ms, "
                       "has_alpha, dominant_colour, thumbhash, blurhash "
                       "FROM images WHERE id = ?",
                       id
                   ));
    TRY(const bool found, rows.next());
    if (!found) return std::nullopt;
    TRY(Image image, read_row(rows));
    CHECK_OK(read_history(db, image));
    CHECK_OK(read_variants(db, image));
    return image;
}

Result<void> update_image(Connection& db, const Image& before, const Image& after) {
    CHECK_OK(db.run(
        "UPDATE images SET state = ?, reason = ?, filename = ?, etag = ?, content_type = ?, "
        "size_bytes = ?, sha256 = ?, width_px = ?, height_px = ?, frames = ?, metadata = ?, "
        "ready_ms = ?, due_ms = ?, has_alpha = ?, dominant_colour = ?, thumbhash = ?, "
        "blurhash = ? WHERE id = ?",
        name_of(after.state), after.reason, after.filename, after.etag, after.content_type,
        after.size_bytes, after.sha256, after.width_px, after.height_px, after.frames,
        write_text_map(after.metadata), after.ready_at, due_at(after), after.has_alpha,
        after.dominant_colour, after.thumbhash, after.blurhash, after.id.value
    ));
    CHECK_OK(write_history(db, after, before.history.size()));
    return write_variants(db, before, after);
}

Result<std::vector<std::string>> list_ids(Connection& db, const ImageQuery& query, std::size_t n) {
    // "~" sorts behind every id.
    const std::string before = query.cursor.empty() ? "~" : query.cursor;
    const auto state = query.state ? name_of(*query.state) : std::string_view();
    // The planner uses the index of rare states only where the text says that the state is one.
    if (query.state && *query.state != ImageState::kReady) {
        TRY(auto rows, db.query(
                           "SELECT id FROM images WHERE state = ?1 AND state <> 'ready' "
                           "AND id < ?2 AND (?3 IS NULL OR owner = ?3) ORDER BY id DESC LIMIT ?4",
                           state, before, query.owner, n
                       ));
        return first_column(std::move(rows));
    }
    if (query.owner) {
        TRY(auto rows, db.query(
                           "SELECT id FROM images WHERE owner = ?1 AND id < ?2 AND "
                           "state <> 'deleted' AND (?3 = '' OR state = ?3) "
                           "ORDER BY id DESC LIMIT ?4",
                           *query.owner, before, state, n
                       ));
        return first_column(std::move(rows));
    }
    TRY(auto rows, db.query(
                       "SELECT id FROM images WHERE id < ?1 AND state <> 'deleted' "
                       "AND (?2 = '' OR state = ?2) ORDER BY id DESC LIMIT ?3",
                       before, state, n
                   ));
    return first_column(std::move(rows));
}

Result<std::vector<std::string>> due_ids(Connection& db, const DueQuery& query) {
    TRY(auto rows, db.query(
                       "SELECT id FROM images WHERE state = ? AND state <> 'ready' "
                       "AND due_ms < ? ORDER BY due_ms LIMIT ?",
                       name_of(query.state), query.before, query.limit
                   ));
    return first_column(std::move(rows));
}

Result<std::vector<Image>> find_images(Connection& db, const std::vector<std::string>& ids) {
    std::vector<Image> out;
    for (const auto& id : ids) {
        TRY(auto image, find_image(db, id));
        if (image) out.push_back(std::move(*image));
    }
    return out;
}

}  // namespace pixgate::embedded
