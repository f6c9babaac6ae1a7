#include "adapters/embedded/body_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/failpoint.h"
#include "base/ids.h"

namespace pixgate::embedded {

namespace fs = std::filesystem;

namespace {

// What lies in a folder; a part of it where reading fails on the way. (A range-for over the
// iterator would throw.)
std::vector<fs::path> paths_in(const fs::path& folder) {
    std::vector<fs::path> out;
    std::error_code ec;
    for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec)) {
        out.push_back(it->path());
    }
    return out;
}

constexpr std::uint64_t kMinFreeInodes = 16;  // for the database's files and one temp file each
constexpr std::size_t kManyFiles = 1'000;

// Call right after the failed system call.
std::unexpected<Error> failure(const std::string& what) {
    const int number = errno;
    const bool is_full = number == ENOSPC || number == EDQUOT;
    return fail(
        is_full            ? Errc::kNoSpace
        : number == ENOENT ? Errc::kNotFound
                           : Errc::kUnavailable,
        fmt::format("{}: {}", what, std::strerror(number))
    );
}

// 48 bits of milliseconds, then 80 random bits, in hex. New names sort behind old ones, which keeps
// the index of files narrow; the last two digits choose the folder.
std::string new_name() {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                        std::chrono::system_clock::now().time_since_epoch()
    )
                        .count();
    std::array<std::byte, 10> random{};
    fill_random(random);
    return fmt::format("{:012x}{}", ms & 0xffff'ffff'ffff, hex_encode(random));
}

std::size_t shard_of(const std::string& name) {
    const auto byte = hex_decode(std::string_view(name).substr(name.size() - 2));
    return byte ? std::to_integer<std::size_t>(byte->front()) : 0;
}

bool is_body_name(const std::string& name) {
    return name.size() == 32 && name.find_first_not_of("0123456789abcdef") == name.npos;
}

}  // namespace

Result<std::shared_ptr<BodyFiles>> BodyFiles::open(
    const fs::path& dir,
    std::uint64_t min_free_bytes,
    std::shared_ptr<VolumeHealth> health,
    bool is_alone
) {
    std::shared_ptr<BodyFiles> out(new BodyFiles);
    out->tmp_ = dir / "tmp";
    out->objects_ = dir / "objects";
    out->min_free_bytes_ = min_free_bytes;
    out->health_ = std::move(health);
    for (const auto& folder : {out->tmp_, out->objects_}) {
        if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failure(folder);
    }
    for (const auto& path : is_alone ? paths_in(out->tmp_) : std::vector<fs::path>()) {
        std::error_code ignored;  // it is only space
        fs::remove(path, ignored);
    }
    for (const auto& path : paths_in(out->objects_)) {
        const auto byte = hex_decode(path.filename().string());
        if (byte && byte->size() == 1) {
            out->is_shard_durable_[std::to_integer<std::size_t>(byte->front())] = true;
        }
    }
    CHECK_OK(out->sync_dir(out->objects_));
    CHECK_OK(out->sync_dir(dir));
    // The file system's own clock: what is older than this mark is older than this process.
    const fs::path mark = out->tmp_ / "mark";
    const UniqueFd fd(::open(mark.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return failure(mark);
    std::error_code ec;
    out->opened_at_ = fs::last_write_time(mark, ec);
    ::unlink(mark.c_str());
    return out;
}

fs::path BodyFiles::path_of(const std::string& name) const {
    return objects_ / name.substr(name.size() - 2) / name;
}

Result<UniqueFd> BodyFiles::open_body(const std::string& name) const {
    const auto path = path_of(name);
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return failure(path);
    return fd;
}

void BodyFiles::remove(const std::string& name) const {
    ::unlink(path_of(name).c_str());
}

Result<void> BodyFiles::check_space(std::uint64_t more_bytes) const {
    struct statvfs info{};
    if (::statvfs(tmp_.c_str(), &info) != 0) return failure(tmp_);
    const std::uint64_t unit = info.f_frsize;
    const std::uint64_t floor = std::max(min_free_bytes_, info.f_blocks / 100 * unit);
    const std::uint64_t free = info.f_bavail * unit;
    if (free < floor || free - floor < more_bytes) return fail(Errc::kNoSpace, "the disk is full");
    if (info.f_files != 0 && info.f_favail < kMinFreeInodes) {
        return fail(Errc::kNoSpace, "the disk has no inodes left");
    }
    return {};
}

Result<void> BodyFiles::sync_dir(const fs::path& dir) const {
    const UniqueFd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return failure(dir);
    if (::fsync(fd.get()) != 0) return std::unexpected(health_->sync_failed(dir));
    return {};
}

// A folder's own entry must be durable before anything inside it is.
Result<void> BodyFiles::make_shard(std::size_t shard) {
    const std::lock_guard lock(shards_mutex_);
    if (is_shard_durable_[shard]) return {};
    const fs::path dir = objects_ / fmt::format("{:02x}", shard);
    if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return failure(dir);
    CHECK_OK(sync_dir(objects_));
    is_shard_durable_[shard] = true;
    return {};
}

Result<void> BodyFiles::publish(const std::string& name) {
    CHECK_OK(make_shard(shard_of(name)));
    const fs::path from = temp_path_of(name);
    const fs::path to = path_of(name);
    if (::rename(from.c_str(), to.c_str()) != 0) return failure(to);
    return {};
}

Result<std::uint64_t> BodyFiles::sweep(const IsReferenced& is_referenced, std::stop_token stop)
    const {
    std::vector<std::string> orphans;
    std::uint64_t n_files = 0;
    for (const auto& shard : paths_in(objects_)) {
        for (const auto& path : paths_in(shard)) {
            if (stop.stop_requested()) return 0;
            const std::string name = path.filename();
            std::error_code gone;
            const auto written_at = fs::last_write_time(path, gone);
            ++n_files;
            if (gone || written_at >= opened_at_ || !is_body_name(name)) continue;
            TRY(const bool is_known, is_referenced(name));
            if (!is_known) orphans.push_back(name);
        }
    }
    if (orphans.size() > kManyFiles && orphans.size() > n_files / 2) {
        return fail(
            Errc::kInternal,
            fmt::format("{} of {} bodies are in no index; kept", orphans.size(), n_files)
        );
    }
    for (const auto& name : orphans) remove(name);
    return orphans.size();
}

IncomingBody::IncomingBody(std::shared_ptr<BodyFiles> files, BodyChecks checks, Pool& pool)
    : files_(std::move(files)), checks_(std::move(checks)), pool_(pool), name_(new_name()) {
    if (checks_.sha1) sha1_hasher_.emplace(HashKind::kSha1);
}

IncomingBody::~IncomingBody() {
    if (!fd_ || is_kept_) return;
    const auto path = is_published_ ? files_->path_of(name_) : files_->temp_path_of(name_);
    pool_.post([path, fd = std::move(fd_)] { ::unlink(path.c_str()); });
}

Result<void> IncomingBody::open(std::optional<std::uint64_t> expected_bytes) {
    CHECK_OK(files_->health().check_writable());
    CHECK_OK(files_->check_space(expected_bytes.value_or(0)));
    const auto path = files_->temp_path_of(name_);
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    fd_ = UniqueFd(::open(path.c_str(), kFlags, 0600));
    if (!fd_) return failure(path);
    return failpoint::check("put.opened");
}

Result<void> IncomingBody::append(ByteView piece) {
    constexpr std::uint64_t kSpaceStep = 1 << 20;
    if (size_bytes_ - checked_space_at_ >= kSpaceStep) {
        checked_space_at_ = size_bytes_;
        CHECK_OK(files_->check_space(0));
    }
    if (size_bytes_ > 0) CHECK_OK(failpoint::check("put.mid_body"));
    for (ByteView rest = piece; !rest.empty();) {
        const ssize_t n = ::write(fd_.get(), rest.data(), rest.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return failure("write of a body");
        rest = rest.subspan(static_cast<std::size_t>(n));
    }
    size_bytes_ += piece.size();
    md5_hasher_.update(piece);
    sha256_hasher_.update(piece);
    if (sha1_hasher_) sha1_hasher_->update(piece);
    if (checks_.crc32) crc32_ = crc32(piece, crc32_);
    if (checks_.crc32c) crc32c_ = crc32c(piece, crc32c_);
    return {};
}

Result<void> IncomingBody::check_claims() {
    md5_ = hex_encode(md5_hasher_.finish());
    sha256_ = hex_encode(sha256_hasher_.finish());
    const auto differs = [](const char* what) {
        return fail(
            Errc::kCorrupt, fmt::format("the body's {} is not the claimed one", what), what
        );
    };
    if (checks_.size_bytes && *checks_.size_bytes != size_bytes_) return differs("size");
    if (checks_.md5 && *checks_.md5 != md5_) return differs("md5");
    if (checks_.sha256 && *checks_.sha256 != sha256_) return differs("sha256");
    if (checks_.sha1 && *checks_.sha1 != hex_encode(sha1_hasher_->finish())) {
        return differs("sha1");
    }
    if (checks_.crc32 && *checks_.crc32 != crc32_) return differs("crc32");
    if (checks_.crc32c && *checks_.crc32c != crc32c_) return differs("crc32c");
    return {};
}

Result<void> IncomingBody::sync_file() {
    const auto point = failpoint::check("put.before_fdatasync");
    if (!point && point.error().code != Errc::kReadOnly) return point;
    if (!point || ::fdatasync(fd_.get()) != 0) {
        return std::unexpected(files_->health().sync_failed("body"));
    }
    return failpoint::check("put.after_fdatasync");
}

Result<void> IncomingBody::finish() {
    CHECK_OK(failpoint::check("put.last_byte"));
    CHECK_OK(check_claims());
    CHECK_OK(files_->health().check_writable());
    CHECK_OK(sync_file());
    CHECK_OK(files_->publish(name_));
    is_published_ = true;
    CHECK_OK(failpoint::check("put.after_rename"));
    const auto point = failpoint::hit("put.dirsync");
    if (point == failpoint::Action::kIoError) {
        return std::unexpected(files_->health().sync_failed("folder of bodies"));
    }
    if (point != failpoint::Action::kSkip) {
        CHECK_OK(files_->sync_shard(name_));
    }
    return failpoint::check("put.after_dirsync");
}

}  // namespace pixgate::embedded
