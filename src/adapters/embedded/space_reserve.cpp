#include "adapters/embedded/space_reserve.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"

namespace pixgate::embedded {

SpaceReserve::SpaceReserve(const std::filesystem::path& dir, std::uint64_t bytes)
    : path_(dir / "reserve"), bytes_(bytes) {
    // What is left of an earlier run may be cut: begin anew.
    ::unlink(path_.c_str());
    refill();
}

bool SpaceReserve::is_tight() {
    if (bytes_ == 0) return false;
    const auto now = std::chrono::steady_clock::now();
    if (now - asked_at_ < std::chrono::milliseconds(50)) return is_tight_;
    asked_at_ = now;
    is_tight_ = free_bytes() < bytes_;
    if (!is_tight_ && !is_there_) refill();
    return is_tight_;
}

void SpaceReserve::give_up() {
    if (!is_there_) return;
    is_there_ = false;
    ::unlink(path_.c_str());
    log::warning("the disk is full: the reserve is given up, new work is refused");
}

void SpaceReserve::refill() {
    if (bytes_ == 0 || free_bytes() < 4 * bytes_) return;
    constexpr int kFlags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    const UniqueFd fd(::open(path_.c_str(), kFlags, 0600));
    is_there_ = fd && ::posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes_)) == 0;
    if (!is_there_) ::unlink(path_.c_str());
}

std::uint64_t SpaceReserve::free_bytes() const {
    struct statvfs info{};
    const auto dir = path_.parent_path();
    if (::statvfs(dir.c_str(), &info) != 0) return 0;
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

}  // namespace pixgate::embedded
