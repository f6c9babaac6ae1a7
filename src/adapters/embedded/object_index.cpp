#include "adapters/embedded/object_index.h"

#include <fmt/format.h>

#include "aws/s3_event_json.h"
#include "core/snapshot.h"

namespace pixgate::embedded {

namespace {

#define PIXGATE_OBJECT_COLUMNS                                                                 \
    "key, size_bytes, etag, sha256, content_type, modified_ms, sequencer, headers, metadata, " \
    "file "

Result<IndexedObject> read_row(const Rows& row) {
    IndexedObject out;
    out.info.key = row.text(0);
    out.info.size_bytes = row.number<std::uint64_t>(1);
    out.info.etag = row.text(2);
    out.info.sha256 = row.text(3);
    out.info.content_type = row.text(4);
    out.info.last_modified = row.time(5);
    out.info.sequencer = row.text(6);
    TRY(out.info.headers, read_text_map(row.text(7)));
    TRY(out.info.metadata, read_text_map(row.text(8)));
    out.file = row.text(9);
    return out;
}

// The first text that is greater than all that begin with `prefix`; nothing where there is none.
std::optional<std::string> after_all(std::string prefix) {
    while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
    if (prefix.empty()) return std::nullopt;
    prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
    return prefix;
}

// Walks the keys of a bucket in order, jumping over everything below a common prefix.
class Lister {
public:
    Lister(Connection& db, const std::string& bucket, const ListOptions& options)
        : db_(db), bucket_(bucket), options_(options) {}

    Result<ObjectPage> run() {
        if (options_.max_keys == 0) return ObjectPage{};
        std::optional<std::string> from = first_key();
        while (from) {
            TRY(from, walk(*from));
        }
        if (!page_.is_truncated) page_.next_start_after.clear();
        return std::move(page_);
    }

private:
    std::optional<std::string> first_key() const {
        const auto& after = options_.start_after;
        if (after < options_.prefix) return options_.prefix;
        if (common_prefix(after) == after && !after.empty()) return after_all(after);
        // The smallest text greater than `after`. The first page begins with the prefix itself.
        return after.empty() ? after : after + '\0';
    }

    std::optional<std::string> common_prefix(const std::string& key) const {
        if (options_.delimiter.empty() || !key.starts_with(options_.prefix)) return std::nullopt;
        const auto at = key.find(options_.delimiter, options_.prefix.size());
        if (at == key.npos) return std::nullopt;
        return key.substr(0, at + options_.delimiter.size());
    }

    // From this key on until a common prefix, the end, or the page is full. Where to go on from.
    Result<std::optional<std::string>> walk(const std::string& from) {
        TRY(auto rows, db_.query(
                           "SELECT " PIXGATE_OBJECT_COLUMNS
                           "FROM objects WHERE bucket = ? AND key >= ? ORDER BY key LIMIT ?",
                           bucket_, from, options_.max_keys - n_ + 1
                       ));
        for (;;) {
            TRY(const bool more, rows.next());
            if (!more) return std::nullopt;
            const std::string key = rows.text(0);
            if (!key.starts_with(options_.prefix)) return std::nullopt;
            if (n_ == options_.max_keys) {
                page_.is_truncated = true;
                return std::nullopt;
            }
            ++n_;
            if (const auto folded = common_prefix(key)) {
                page_.common_prefixes.push_back(*folded);
                page_.next_start_after = *folded;
                return after_all(*folded);
            }
            TRY(auto row, read_row(rows));
            page_.next_start_after = key;
            page_.objects.push_back(std::move(row.info));
        }
    }

    Connection& db_;
    const std::string& bucket_;
    const ListOptions& options_;
    ObjectPage page_;
    std::uint32_t n_ = 0;
};

}  // namespace

Result<bool> bucket_raises_events(Connection& db, const std::string& bucket) {
    TRY(auto rows, db.query("SELECT raises_events FROM buckets WHERE name = ?", bucket));
    TRY(const bool found, rows.next());
    if (!found) return fail(Errc::kNotFound, "no such bucket", "bucket");
    return rows.integer(0) != 0;
}

Result<std::optional<IndexedObject>> find_object(
    Connection& db, const std::string& bucket, const std::string& key
) {
    TRY(auto rows, db.query(
                       "SELECT " PIXGATE_OBJECT_COLUMNS "FROM objects WHERE bucket = ? AND key = ?",
                       bucket, key
                   ));
    TRY(const bool found, rows.next());
    if (!found) return std::nullopt;
    TRY(auto row, read_row(rows));
    return row;
}

Result<void> check_conditions(
    const PutOptions& options, const std::optional<IndexedObject>& existing
) {
    if (options.if_none_match && existing) {
        return fail(Errc::kFailedPrecondition, "the object exists already");
    }
    if (!options.if_match) return {};
    if (!existing) return fail(Errc::kNotFound, "no such object");
    if (*options.if_match != existing->info.etag) {
        return fail(Errc::kFailedPrecondition, "another object is there");
    }
    return {};
}

Result<void> write_object(Connection& db, const std::string& bucket, const IndexedObject& object) {
    const ObjectInfo& info = object.info;
    CHECK_OK(db.run(
        "INSERT OR REPLACE INTO objects (bucket, " PIXGATE_OBJECT_COLUMNS
        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        bucket, info.key, info.size_bytes, info.etag, info.sha256, info.content_type,
        info.last_modified, info.sequencer, write_text_map(info.headers),
        write_text_map(info.metadata), object.file
    ));
    return {};
}

Result<void> delete_object(Connection& db, const std::string& bucket, const std::string& key) {
    CHECK_OK(db.run("DELETE FROM objects WHERE bucket = ? AND key = ?", bucket, key));
    return {};
}

Result<std::string> next_sequencer(Connection& db) {
    TRY(const std::int64_t n,
        db.integer("UPDATE counters SET value = value + 1 WHERE name = 'sequencer' RETURNING value")
    );
    return fmt::format("{:016X}", n);
}

Result<void> write_event(
    Connection& db, const StorageEvent& event, const std::string& region, std::uint64_t max_events
) {
    // Counting costs; the range of ids is never less than the count.
    constexpr auto kRange =
        "SELECT coalesce((SELECT max(id) FROM events) - (SELECT min(id) FROM events) + 1, 0)";
    TRY(std::int64_t waiting, db.integer(kRange));
    if (static_cast<std::uint64_t>(waiting) >= max_events) {
        TRY(waiting, db.integer("SELECT count(*) FROM events"));
    }
    if (static_cast<std::uint64_t>(waiting) >= max_events) {
        return fail(Errc::kOverloaded, "too many events are not handled yet");
    }
    aws::EventOrigin origin;
    origin.region = region;
    CHECK_OK(db.run(
        "INSERT INTO events (json, created_ms) VALUES (?, ?)", aws::write_s3_event(event, origin),
        event.at
    ));
    db.announce(Topic::kEvents);
    return {};
}

Result<ObjectPage> list_objects(
    Connection& db, const std::string& bucket, const ListOptions& options
) {
    return Lister(db, bucket, options).run();
}

}  // namespace pixgate::embedded
