#include <fmt/format.h>

#include "adapters/memory/state.h"
#include "aws/s3_event_json.h"
#include "base/crypto.h"

namespace pixgate::memory {

namespace {

std::string hex_of(HashKind kind, const std::string& body) {
    Hasher hasher(kind);
    hasher.update(as_bytes(body));
    return hex_encode(hasher.finish());
}

Result<void> check_body(const BodyChecks& checks, const std::string& body) {
    const auto differs = [](const char* what) {
        return fail(
            Errc::kCorrupt, fmt::format("the body's {} is not the claimed one", what), what
        );
    };
    if (checks.size_bytes && *checks.size_bytes != body.size()) return differs("size");
    if (checks.md5 && *checks.md5 != hex_of(HashKind::kMd5, body)) return differs("md5");
    if (checks.sha1 && *checks.sha1 != hex_of(HashKind::kSha1, body)) return differs("sha1");
    if (checks.sha256 && *checks.sha256 != hex_of(HashKind::kSha256, body)) {
        return differs("sha256");
    }
    if (checks.crc32 && *checks.crc32 != crc32(as_bytes(body))) return differs("crc32");
    if (checks.crc32c && *checks.crc32c != crc32c(as_bytes(body))) return differs("crc32c");
    return {};
}

Result<void> check_key(const std::string& key) {
    if (key.empty() || key.size() > kMaxKeyBytes || !is_utf8(key)) {
        return fail(Errc::kInvalidArgument, "keys are 1 to 1024 bytes of UTF-8", "key");
    }
    return {};
}

class SharedBody : public BodySource {
public:
    SharedBody(std::shared_ptr<const std::string> body, std::uint64_t offset, std::uint64_t length)
        : body_(std::move(body)), rest_(as_bytes(*body_)) {
        rest_ = rest_.subspan(std::min<std::size_t>(offset, rest_.size()));
        rest_ = rest_.first(std::min<std::size_t>(length, rest_.size()));
        length_ = rest_.size();
    }
    Task<Result<ByteView>> next() override {
        const auto piece = rest_.first(std::min<std::size_t>(rest_.size(), 256 * 1024));
        rest_ = rest_.subspan(piece.size());
        co_return piece;
    }
    std::optional<std::uint64_t> length() const override { return length_; }

private:
    std::shared_ptr<const std::string> body_;
    ByteView rest_;
    std::uint64_t length_ = 0;
};

class MemoryReader : public ObjectReader {
public:
    explicit MemoryReader(StoredObject object) : object_(std::move(object)) {}
    const ObjectInfo& info() const override { return object_.info; }
    std::unique_ptr<BodySource> body(std::uint64_t offset, std::uint64_t length) override {
        return std::make_unique<SharedBody>(object_.body, offset, length);
    }
    UniqueFd file() override { return {}; }

private:
    StoredObject object_;
};

// Puts keys and common prefixes on a page, in order, until it is full.
class Lister {
public:
    explicit Lister(const ListOptions& options) : options_(options) {}

    // False when the page is full: `key` is not on it.
    bool add(const ObjectInfo& info) {
        const auto folded = fold(info.key);
        if (folded && !page_.common_prefixes.empty() && page_.common_prefixes.back() == *folded) {
            return true;
        }
        if (n_ >= options_.max_keys) {
            page_.is_truncated = n_ > 0;
            return false;
        }
        ++n_;
        page_.next_start_after = folded.value_or(info.key);
        if (folded) {
            page_.common_prefixes.push_back(*folded);
        } else {
            page_.objects.push_back(info);
        }
        return true;
    }

    // True for what the page before ended with or went past.
    bool is_past(const std::string& key) const {
        const auto& after = options_.start_after;
        return key <= after || (fold(key) == after && !after.empty());
    }

    ObjectPage finish() {
        if (!page_.is_truncated) page_.next_start_after.clear();
        return std::move(page_);
    }

private:
    std::optional<std::string> fold(const std::string& key) const {
        if (options_.delimiter.empty()) return std::nullopt;
        const auto at = key.find(options_.delimiter, options_.prefix.size());
        if (at == key.npos) return std::nullopt;
        return key.substr(0, at + options_.delimiter.size());
    }

    const ListOptions& options_;
    ObjectPage page_;
    std::uint32_t n_ = 0;
};

class MemoryObjectStore : public ObjectStore {
public:
    explicit MemoryObjectStore(StatePtr state) : state_(std::move(state)) {}

    Task<Result<ObjectInfo>> put(
        std::string bucket, std::string key, BodySource& body, PutOptions options
    ) override {
        CO_CHECK(check_key(key));
        {
            const std::lock_guard lock(state_->mutex);
            CO_CHECK(find_bucket(bucket));
        }
        constexpr std::size_t kLimit = 1ULL << 30;
        CO_TRY(std::string text, co_await read_all(body, kLimit));
        CO_CHECK(check_body(options.checks, text));
        co_return commit(bucket, key, std::move(text), options);
    }

    Task<Result<std::unique_ptr<ObjectReader>>> get(std::string bucket, std::string key) override {
        const std::lock_guard lock(state_->mutex);
        CO_TRY(const auto* object, find_object(bucket, key));
        co_return std::make_unique<MemoryReader>(*object);
    }

    Task<Result<ObjectInfo>> head(std::string bucket, std::string key) override {
        const std::lock_guard lock(state_->mutex);
        CO_TRY(const auto* object, find_object(bucket, key));
        co_return object->info;
    }

    Task<Result<void>> remove(
        std::string bucket, std::string key, std::optional<std::string> if_match
    ) override {
        const std::lock_guard lock(state_->mutex);
        CO_TRY(Bucket * found, find_bucket(bucket));
        const auto it = found->objects.find(key);
        if (it == found->objects.end()) co_return Result<void>();
        if (if_match && *if_match != it->second.info.etag) {
            co_return fail(Errc::kFailedPrecondition, "another object is there");
        }
        found->objects.erase(it);
        StorageEvent event;
        event.name = "ObjectRemoved:Delete";
        event.bucket = bucket;
        event.key = key;
        raise(*found, std::move(event));
        co_return Result<void>();
    }

    Task<Result<ObjectPage>> list(std::string bucket, ListOptions options) override {
        const std::lock_guard lock(state_->mutex);
        CO_TRY(Bucket * found, find_bucket(bucket));
        Lister lister(options);
        const auto& all = found->objects;
        for (auto it = all.lower_bound(options.prefix); it != all.end(); ++it) {
            if (!it->first.starts_with(options.prefix)) break;
            if (!lister.is_past(it->first) && !lister.add(it->second.info)) break;
        }
        co_return lister.finish();
    }

private:
    // All of these: with the mutex held.
    Result<Bucket*> find_bucket(const std::string& name) {
        const auto it = state_->buckets.find(name);
        if (it == state_->buckets.end()) return fail(Errc::kNotFound, "no such bucket", "bucket");
        return &it->second;
    }
    Result<const StoredObject*> find_object(const std::string& bucket, const std::string& key) {
        TRY(Bucket * found, find_bucket(bucket));
        const auto it = found->objects.find(key);
        if (it == found->objects.end()) return fail(Errc::kNotFound, "no such object");
        return &it->second;
    }

    Result<ObjectInfo> commit(
        const std::string& bucket, const std::string& key, std::string body, PutOptions& options
    ) {
        const std::lock_guard lock(state_->mutex);
        TRY(Bucket * found, find_bucket(bucket));
        const auto old = found->objects.find(key);
        const bool exists = old != found->objects.end();
        if (options.if_none_match && exists) {
            return fail(Errc::kFailedPrecondition, "the object exists already");
        }
        if (options.if_match && !exists) return fail(Errc::kNotFound, "no such object");
        if (options.if_match && *options.if_match != old->second.info.etag) {
            return fail(Errc::kFailedPrecondition, "another object is there");
        }
        StoredObject object;
        object.info = {
            .key = key,
            .size_bytes = body.size(),
            .etag = hex_of(HashKind::kMd5, body),
            .sha256 = hex_of(HashKind::kSha256, body),
            .content_type = options.content_type,
            .last_modified = state_->clock.now(),
            .sequencer = {},
            .headers = std::move(options.headers),
            .metadata = std::move(options.metadata),
        };
        object.body = std::make_shared<const std::string>(std::move(body));
        StorageEvent event;
        event.name = "ObjectCreated:Put";
        event.bucket = bucket;
        event.key = key;
        event.size_bytes = object.info.size_bytes;
        event.etag = object.info.etag;
        event.request_id = options.request_id;
        event.source_ip = options.source_ip;
        object.info.sequencer = raise(*found, std::move(event));
        return (found->objects[key] = std::move(object)).info;
    }

    // The commit's sequencer; an event where the bucket raises them.
    std::string raise(const Bucket& bucket, StorageEvent event) {
        event.sequencer = fmt::format("{:016X}", ++state_->commits);
        event.at = state_->clock.now();
        if (bucket.raises_events) state_->add_event(aws::write_s3_event(event, {}));
        return event.sequencer;
    }

    StatePtr state_;
};

class MemoryBuckets : public Buckets {
public:
    explicit MemoryBuckets(StatePtr state) : state_(std::move(state)) {}

    Task<Result<void>> create(std::string name, bool raises_events) override {
        const std::lock_guard lock(state_->mutex);
        const Bucket bucket{{name, state_->clock.now()}, raises_events, {}};
        if (!state_->buckets.emplace(name, bucket).second) {
            co_return fail(Errc::kAlreadyExists, "the bucket exists already");
        }
        co_return Result<void>();
    }
    Task<Result<BucketInfo>> find(std::string name) override {
        const std::lock_guard lock(state_->mutex);
        const auto it = state_->buckets.find(name);
        if (it == state_->buckets.end()) {
            co_return fail(Errc::kNotFound, "no such bucket", "bucket");
        }
        co_return it->second.info;
    }
    Task<Result<std::vector<BucketInfo>>> list() override {
        const std::lock_guard lock(state_->mutex);
        std::vector<BucketInfo> out;
        for (const auto& [name, bucket] : state_->buckets) out.push_back(bucket.info);
        co_return out;
    }

private:
    StatePtr state_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_object_store(StatePtr state) {
    return std::make_unique<MemoryObjectStore>(std::move(state));
}
std::unique_ptr<Buckets> make_buckets(StatePtr state) {
    return std::make_unique<MemoryBuckets>(std::move(state));
}

}  // namespace pixgate::memory
