#include "adapters/embedded/object_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <thread>

#include "adapters/embedded/body_files.h"
#include "adapters/embedded/object_index.h"
#include "base/failpoint.h"
#include "base/log.h"

namespace pixgate::embedded {

namespace {

Result<void> check_key(const std::string& key) {
    if (key.empty() || key.size() > kMaxKeyBytes || !is_utf8(key)) {
        return fail(Errc::kInvalidArgument, "keys are 1 to 1024 bytes of UTF-8", "key");
    }
    return {};
}

// Part of a body, read on the pool.
class FileBody : public BodySource {
public:
    FileBody(
        std::shared_ptr<const UniqueFd> file, std::uint64_t offset, std::uint64_t n, Pool& pool
    )
        : file_(std::move(file)), offset_(offset), rest_(n), length_(n), pool_(pool) {}

    Task<Result<ByteView>> next() override {
        constexpr std::uint64_t kPiece = 256 * 1024;
        const auto n = static_cast<std::size_t>(std::min(rest_, kPiece));
        if (n == 0) co_return ByteView();
        auto read = [this, n] { return fill(n); };
        CO_CHECK(co_await offload(pool_, std::move(read)));
        offset_ += n;
        rest_ -= n;
        co_return ByteView(buffer_);
    }
    std::optional<std::uint64_t> length() const override { return length_; }

private:
    Result<void> fill(std::size_t n) {
        buffer_.resize(n);
        for (std::size_t done = 0; done < n;) {
            const auto got = ::pread(
                file_->get(), buffer_.data() + done, n - done, static_cast<off_t>(offset_ + done)
            );
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return fail(Errc::kUnavailable, "the body cannot be read");
            if (got == 0) return fail(Errc::kCorrupt, "the body is shorter than it was");
            done += static_cast<std::size_t>(got);
        }
        return {};
    }

    std::shared_ptr<const UniqueFd> file_;
    std::uint64_t offset_;
    std::uint64_t rest_;
    std::uint64_t length_;
    Pool& pool_;
    Bytes buffer_;
};

class FileReader : public ObjectReader {
public:
    FileReader(ObjectInfo info, UniqueFd file, Pool& pool)
        : info_(std::move(info)),
          file_(std::make_shared<const UniqueFd>(std::move(file))),
          pool_(pool) {}

    const ObjectInfo& info() const override { return info_; }
    std::unique_ptr<BodySource> body(std::uint64_t offset, std::uint64_t length) override {
        const auto from = std::min(offset, info_.size_bytes);
        const auto n = std::min(length, info_.size_bytes - from);
        return std::make_unique<FileBody>(file_, from, n, pool_);
    }
    // Opened anew, so that it has a position of its own.
    UniqueFd file() override {
        const std::string path = fmt::format("/proc/self/fd/{}", file_->get());
        return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    }

private:
    ObjectInfo info_;
    std::shared_ptr<const UniqueFd> file_;
    Pool& pool_;
};

class EmbeddedObjectStore : public ObjectStore {
public:
    EmbeddedObjectStore(
        std::shared_ptr<Database> database,
        std::shared_ptr<BodyFiles> files,
        const Config& config,
        const Clock& clock
    )
        : db_(std::move(database)), files_(std::move(files)), config_(config), clock_(clock) {
        if (!db_->claim().is_alone()) return;
        sweeper_ = std::jthread([this](std::stop_token stop) { sweep(std::move(stop)); });
    }

    Task<Result<ObjectInfo>> put(
        std::string bucket, std::string key, BodySource& body, PutOptions options
    ) override;
    Task<Result<std::unique_ptr<ObjectReader>>> get(std::string bucket, std::string key) override;
    Task<Result<ObjectInfo>> head(std::string bucket, std::string key) override;
    Task<Result<void>> remove(
        std::string bucket, std::string key, std::optional<std::string> if_match
    ) override;
    Task<Result<ObjectPage>> list(std::string bucket, ListOptions options) override;

private:
    struct Put {
        std::string bucket;
        PutOptions options;
        IndexedObject object;
        std::string replaced_file;
        StorageEvent event;
        bool raises_events = false;
        bool is_written = false;  // the transaction got as far as its commit
    };

    Task<Result<void>> take_body(const Put& put, BodySource& body, IncomingBody& incoming);
    Result<void> precheck(const Put& put);
    Result<void> commit(Connection& db, Put& put);
    Task<Result<void>> write_late_event(const Put& put);
    Result<std::unique_ptr<ObjectReader>> open_object(
        const std::string& bucket, const std::string& key
    );
    void sweep(std::stop_token stop);
    // After the commit: whoever reads the old body has it open already.
    void forget_body(const std::string& file) {
        if (!file.empty()) db_->blocking().post([files = files_, file] { files->remove(file); });
    }

    std::shared_ptr<Database> db_;
    std::shared_ptr<BodyFiles> files_;
    const Config config_;
    const Clock& clock_;
    std::jthread sweeper_;
};

Task<Result<ObjectInfo>> EmbeddedObjectStore::put(
    std::string bucket, std::string key, BodySource& body, PutOptions options
) {
    CO_CHECK(check_key(key));
    Put put;
    put.bucket = std::move(bucket);
    put.options = std::move(options);
    put.object.info.key = std::move(key);
    IncomingBody incoming(files_, put.options.checks, db_->blocking());
    CO_CHECK(co_await take_body(put, body, incoming));

    ObjectInfo& info = put.object.info;
    put.object.file = incoming.name();
    info.size_bytes = incoming.size_bytes();
    info.etag = incoming.md5();
    info.sha256 = incoming.sha256();
    info.content_type = put.options.content_type;
    info.headers = std::move(put.options.headers);
    info.metadata = std::move(put.options.metadata);
    CO_CHECK(failpoint::check("put.before_commit"));
    auto write = [this, &put](Connection& db) {
        auto done = commit(db, put);
        put.is_written = done.has_value();
        return done;
    };
    const auto committed = co_await db_->write(std::move(write), Purpose::kNewWork);
    // A commit that failed may still be found in the log after a restart: then its body must be
    // there. If it is not, the sweep at the next start takes the body away.
    if (put.is_written) incoming.keep();
    if (!committed) co_return std::unexpected(committed.error());
    if (failpoint::is_skipped("put.event_in_tx")) CO_CHECK(co_await write_late_event(put));
    CO_CHECK(failpoint::check("put.after_commit"));
    forget_body(put.replaced_file);
    co_return std::move(info);
}

// A small body that is there at once costs one trip to the pool for all of its file work.
Task<Result<void>> EmbeddedObjectStore::take_body(
    const Put& put, BodySource& body, IncomingBody& incoming
) {
    CO_TRY(ByteView piece, co_await body.next());
    const auto length = body.length() ? body.length() : put.options.checks.size_bytes;
    const bool is_whole = piece.empty() || body.length() == piece.size();
    auto begin = [&]() -> Result<void> {
        CHECK_OK(precheck(put));
        CHECK_OK(incoming.open(length));
        CHECK_OK(incoming.append(piece));
        if (is_whole) CHECK_OK(incoming.finish());
        return {};
    };
    CO_CHECK(co_await offload(db_->blocking(), std::move(begin)));
    while (!piece.empty()) {
        CO_TRY(piece, co_await body.next());
        if (is_whole && !piece.empty()) {
            co_return fail(Errc::kCorrupt, "more bytes than declared", "size");
        }
        auto go_on = [&]() -> Result<void> {
            return piece.empty() ? incoming.finish() : incoming.append(piece);
        };
        if (!is_whole) CO_CHECK(co_await offload(db_->blocking(), std::move(go_on)));
    }
    co_return Result<void>();
}

// Before any byte is stored; the transaction asks again.
Result<void> EmbeddedObjectStore::precheck(const Put& put) {
    auto look = [&put](Connection& db) -> Result<void> {
        CHECK_OK(bucket_raises_events(db, put.bucket));
        if (!put.options.if_none_match && !put.options.if_match) return {};
        TRY(const auto existing, find_object(db, put.bucket, put.object.info.key));
        return check_conditions(put.options, existing);
    };
    return db_->read_now(look);
}

Result<void> EmbeddedObjectStore::commit(Connection& db, Put& put) {
    TRY(put.raises_events, bucket_raises_events(db, put.bucket));
    TRY(const auto existing, find_object(db, put.bucket, put.object.info.key));
    CHECK_OK(check_conditions(put.options, existing));
    ObjectInfo& info = put.object.info;
    TRY(info.sequencer, next_sequencer(db));
    info.last_modified = clock_.now();
    CHECK_OK(write_object(db, put.bucket, put.object));
    if (existing) put.replaced_file = existing->file;
    if (!put.raises_events) return {};
    StorageEvent& event = put.event;
    event.name = "ObjectCreated:Put";
    event.at = info.last_modified;
    event.bucket = put.bucket;
    event.key = info.key;
    event.size_bytes = info.size_bytes;
    event.etag = info.etag;
    event.sequencer = info.sequencer;
    event.request_id = put.options.request_id;
    event.source_ip = put.options.source_ip;
    if (failpoint::is_skipped("put.event_in_tx")) return {};
    return write_event(db, event, config_.region, config_.max_events);
}

// The deliberately broken order, for the test that shows that a crash in between is noticed.
Task<Result<void>> EmbeddedObjectStore::write_late_event(const Put& put) {
    CO_CHECK(failpoint::check("put.between_object_and_event"));
    if (!put.raises_events) co_return Result<void>();
    auto write = [this, &put](Connection& db) {
        return write_event(db, put.event, config_.region, config_.max_events);
    };
    co_return co_await db_->write(std::move(write));
}

Task<Result<std::unique_ptr<ObjectReader>>> EmbeddedObjectStore::get(
    std::string bucket, std::string key
) {
    auto open = [&] { return open_object(bucket, key); };
    co_return co_await offload(db_->blocking(), std::move(open));
}

Result<std::unique_ptr<ObjectReader>> EmbeddedObjectStore::open_object(
    const std::string& bucket, const std::string& key
) {
    std::string missing;
    for (;;) {
        auto look = [&](Connection& db) -> Result<IndexedObject> {
            CHECK_OK(bucket_raises_events(db, bucket));
            TRY(auto object, find_object(db, bucket, key));
            if (!object) return fail(Errc::kNotFound, "no such object");
            return std::move(*object);
        };
        TRY(IndexedObject object, db_->read_now(look));
        auto file = files_->open_body(object.file);
        if (!file && file.error().code == Errc::kNotFound && object.file != missing) {
            // Replaced since the row was read: the new row has another body.
            missing = object.file;
            continue;
        }
        if (!file && file.error().code == Errc::kNotFound) {
            log::error("an object's body is missing", {{"key_of_object", key}, {"file", missing}});
            return fail(Errc::kCorrupt, "the object's body is missing");
        }
        if (!file) return std::unexpected(std::move(file).error());
        struct stat info{};
        if (::fstat(file->get(), &info) != 0 ||
            static_cast<std::uint64_t>(info.st_size) != object.info.size_bytes) {
            return fail(Errc::kCorrupt, "the object's body has another length");
        }
        return std::make_unique<FileReader>(
            std::move(object.info), *std::move(file), db_->blocking()
        );
    }
}

Task<Result<ObjectInfo>> EmbeddedObjectStore::head(std::string bucket, std::string key) {
    auto look = [&](Connection& db) -> Result<ObjectInfo> {
        CHECK_OK(bucket_raises_events(db, bucket));
        TRY(auto object, find_object(db, bucket, key));
        if (!object) return fail(Errc::kNotFound, "no such object");
        return std::move(object->info);
    };
    co_return co_await db_->read(std::move(look));
}

Task<Result<void>> EmbeddedObjectStore::remove(
    std::string bucket, std::string key, std::optional<std::string> if_match
) {
    CO_CHECK(failpoint::check("del.before_commit"));
    auto take_away = [&](Connection& db) -> Result<std::string> {
        TRY(const bool raises_events, bucket_raises_events(db, bucket));
        TRY(const auto existing, find_object(db, bucket, key));
        if (!existing) return std::string();
        if (if_match && *if_match != existing->info.etag) {
            return fail(Errc::kFailedPrecondition, "another object is there");
        }
        CHECK_OK(delete_object(db, bucket, key));
        StorageEvent event;
        event.name = "ObjectRemoved:Delete";
        event.at = clock_.now();
        event.bucket = bucket;
        event.key = key;
        TRY(event.sequencer, next_sequencer(db));
        // A full outbox does not keep people from deleting.
        constexpr auto kNoLimit = std::numeric_limits<std::uint64_t>::max();
        if (raises_events) CHECK_OK(write_event(db, event, config_.region, kNoLimit));
        return existing->file;
    };
    CO_TRY(const std::string file, co_await db_->write(std::move(take_away)));
    CO_CHECK(failpoint::check("del.after_commit"));
    forget_body(file);
    co_return Result<void>();
}

Task<Result<ObjectPage>> EmbeddedObjectStore::list(std::string bucket, ListOptions options) {
    auto look = [&](Connection& db) -> Result<ObjectPage> {
        CHECK_OK(bucket_raises_events(db, bucket));
        return list_objects(db, bucket, options);
    };
    co_return co_await db_->read(std::move(look));
}

void EmbeddedObjectStore::sweep(std::stop_token stop) {
    const auto is_referenced = [this](const std::string& name) {
        auto look = [&name](Connection& db) -> Result<bool> {
            TRY(const auto n, db.integer("SELECT count(*) FROM objects WHERE file = ?", name));
            return n > 0;
        };
        return db_->read_now(look);
    };
    const auto swept = files_->sweep(is_referenced, std::move(stop));
    if (!swept) {
        log::failure(log::Level::kWarning, "sweep of bodies", swept.error());
    } else if (*swept > 0) {
        log::info("removed bodies that a crash left over", {{"count", *swept}});
    }
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> make_object_store(
    std::shared_ptr<Database> database, const Config& config, const Clock& clock
) {
    TRY(auto files,
        BodyFiles::open(
            database->dir(), config.min_free_bytes, database->health(), database->claim().is_alone()
        ));
    return std::make_unique<EmbeddedObjectStore>(
        std::move(database), std::move(files), config, clock
    );
}

}  // namespace pixgate::embedded
