// Bodies of objects as files: DIR/tmp while they come in, DIR/objects/xx/{name} once they are whole
// and synced. Names are made here and say nothing about keys; they sort by time. Everything here
// blocks: call it on a pool.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "adapters/embedded/volume_health.h"
#include "base/crypto.h"
#include "base/fd.h"
#include "ports/object_store.h"

namespace pixgate::embedded {

class BodyFiles {
public:
    // Makes the folders. Removes what a crash left in tmp/ where nobody else is at work there.
    static Result<std::shared_ptr<BodyFiles>> open(
        const std::filesystem::path& dir,
        std::uint64_t min_free_bytes,
        std::shared_ptr<VolumeHealth> health,
        bool is_alone
    );

    std::filesystem::path path_of(const std::string& name) const;  // objects/xx/name
    std::filesystem::path temp_path_of(const std::string& name) const { return tmp_ / name; }
    // kNotFound where it is not there.
    Result<UniqueFd> open_body(const std::string& name) const;
    void remove(const std::string& name) const;

    // kNoSpace where fewer than the floor's bytes would be left after `more_bytes`, or few inodes.
    Result<void> check_space(std::uint64_t more_bytes) const;
    // From tmp/ to objects/; durable after sync_shard().
    Result<void> publish(const std::string& name);
    Result<void> sync_shard(const std::string& name) const {
        return sync_dir(path_of(name).parent_path());
    }
    VolumeHealth& health() const { return *health_; }

    // For who was alone when it opened this. Removes bodies that is_referenced() does not know and
    // that are older than this object: left by crashes between rename and commit. Where that would
    // be most of many files, something else is wrong: then nothing is removed. Returns how many
    // were.
    using IsReferenced = std::function<Result<bool>(const std::string& name)>;
    Result<std::uint64_t> sweep(const IsReferenced& is_referenced, std::stop_token stop) const;

private:
    BodyFiles() = default;
    Result<void> make_shard(std::size_t shard);
    Result<void> sync_dir(const std::filesystem::path& dir) const;

    std::filesystem::path tmp_;
    std::filesystem::path objects_;
    std::uint64_t min_free_bytes_ = 0;
    std::shared_ptr<VolumeHealth> health_;
    std::filesystem::file_time_type opened_at_;
    std::mutex shards_mutex_;
    std::array<bool, 256> is_shard_durable_{};
};

// One body on its way in. Gone without a trace unless keep() was called.
class IncomingBody {
public:
    IncomingBody(std::shared_ptr<BodyFiles> files, BodyChecks checks, Pool& pool);
    ~IncomingBody();
    IncomingBody(const IncomingBody&) = delete;
    IncomingBody& operator=(const IncomingBody&) = delete;

    Result<void> open(std::optional<std::uint64_t> expected_bytes);
    Result<void> append(ByteView piece);
    // Checks what was claimed, syncs, and moves the file to its place.
    Result<void> finish();
    void keep() { is_kept_ = true; }

    const std::string& name() const { return name_; }
    std::uint64_t size_bytes() const { return size_bytes_; }
    const std::string& md5() const { return md5_; }
    const std::string& sha256() const { return sha256_; }

private:
    Result<void> check_claims();
    Result<void> sync_file();

    std::shared_ptr<BodyFiles> files_;
    BodyChecks checks_;
    Pool& pool_;
    std::string name_;
    UniqueFd fd_;
    bool is_published_ = false;
    bool is_kept_ = false;
    std::uint64_t size_bytes_ = 0;
    std::uint64_t checked_space_at_ = 0;
    Hasher md5_hasher_{HashKind::kMd5};
    Hasher sha256_hasher_{HashKind::kSha256};
    std::optional<Hasher> sha1_hasher_;
    std::uint32_t crc32_ = 0;
    std::uint32_t crc32c_ = 0;
    std::string md5_;
    std::string sha256_;
};

}  // namespace pixgate::embedded
