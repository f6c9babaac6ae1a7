// Bytes by bucket and key. Adapters: memory, embedded (files + SQLite). Contract:
// tests/conformance/object_store_suite.h. Safe to call from several coroutines at once. Adapters
// never retry.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/body.h"
#include "base/clock.h"
#include "base/fd.h"

namespace pixgate {

inline constexpr std::size_t kMaxKeyBytes = 1024;  // UTF-8; S3's limit

struct ObjectInfo {
    std::string key;
    std::uint64_t size_bytes = 0;
    std::string etag;    // lower-case hex MD5, without quotes
    std::string sha256;  // lower-case hex; empty where the store does not know it
    std::string content_type = "binary/octet-stream";
    TimePoint last_modified;
    std::string sequencer;                        // of the write that made it
    std::map<std::string, std::string> headers;   // cache-control … as given, lower-case names
    std::map<std::string, std::string> metadata;  // x-amz-meta-*: names without prefix, lower case
};

// What the sender claims about the body; hashes as lower-case hex. A body that differs: kCorrupt,
// with the check's name in Error::reason ("sha256", "md5", "size", …); nothing is stored.
struct BodyChecks {
    std::optional<std::uint64_t> size_bytes;
    std::optional<std::string> sha256;
    std::optional<std::string> md5;
    std::optional<std::string> sha1;
    std::optional<std::uint32_t> crc32;
    std::optional<std::uint32_t> crc32c;
};

struct PutOptions {
    std::string content_type = "binary/octet-stream";
    std::map<std::string, std::string> headers;
    std::map<std::string, std::string> metadata;
    BodyChecks checks;
    bool if_none_match = false;  // must not exist: kFailedPrecondition
    // The etag that must be there: another one kFailedPrecondition, none at all kNotFound.
    std::optional<std::string> if_match;
    std::string request_id;  // goes into the event
    std::string source_ip;
};

class ObjectReader {
public:
    virtual ~ObjectReader() = default;
    virtual const ObjectInfo& info() const = 0;
    // The body from `offset`, `length` bytes. May be called several times; the reader must outlive
    // it.
    virtual std::unique_ptr<BodySource> body(std::uint64_t offset, std::uint64_t length) = 0;
    // The whole body as an open file, where the store has one (embedded); for sendfile and the
    // sandbox. The file is never changed once visible. Empty elsewhere.
    virtual UniqueFd file() = 0;
};

struct ListOptions {
    std::string prefix = {};
    std::string delimiter = {};  // may be longer than one character; empty: none
    // Keys greater than this; where it is a common prefix itself: past all under it.
    std::string start_after = {};
    std::uint32_t max_keys = 1000;  // 0: an empty page
};
struct ObjectPage {
    std::vector<ObjectInfo> objects;
    std::vector<std::string> common_prefixes;  // keys and prefixes together make at most max_keys
    bool is_truncated = false;
    std::string next_start_after;  // where truncated: start_after of the next page
};

class ObjectStore {
public:
    virtual ~ObjectStore() = default;

    // Store the body under the key. When this returns a value it is durable, and an event for it is
    // too (in buckets that raise events). A reader sees the old object or the new one, never a
    // part.
    //   errors  kNotFound (reason "bucket" where the bucket is absent), kFailedPrecondition,
    //           kInvalidArgument (key: 1 to 1024 bytes of UTF-8), kCorrupt (checks), kTooLarge,
    //           kNoSpace, kReadOnly, kOverloaded, kUnavailable, and what the body gives
    //   twice   safe: the last one wins
    virtual Task<Result<ObjectInfo>> put(
        std::string bucket, std::string key, BodySource& body, PutOptions options
    ) = 0;

    // errors  kNotFound (reason "bucket" where the bucket is absent), kCorrupt (stored bytes
    // damaged),
    //         kUnavailable
    virtual Task<Result<std::unique_ptr<ObjectReader>>> get(
        std::string bucket, std::string key
    ) = 0;
    virtual Task<Result<ObjectInfo>> head(std::string bucket, std::string key) = 0;

    // Gone afterwards, and an ObjectRemoved event is durable in buckets that raise events; absent
    // is fine and raises none. With if_match: kFailedPrecondition where the etag differs.
    virtual Task<Result<void>> remove(
        std::string bucket, std::string key, std::optional<std::string> if_match
    ) = 0;

    // In UTF-8 byte order of keys; a write that was answered is listed at once.
    virtual Task<Result<ObjectPage>> list(std::string bucket, ListOptions options) = 0;
};

struct BucketInfo {
    std::string name;
    TimePoint created_at;
};

class Buckets {
public:
    virtual ~Buckets() = default;
    virtual Task<Result<void>> create(std::string name, bool raises_events) = 0;  // kAlreadyExists
    virtual Task<Result<BucketInfo>> find(std::string name) = 0;                  // kNotFound
    virtual Task<Result<std::vector<BucketInfo>>> list() = 0;
};

}  // namespace pixgate
