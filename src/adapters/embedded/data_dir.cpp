#include "adapters/embedded/data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>

namespace pixgate::embedded {

namespace {

std::string last_error(const std::string& what) {
    return fmt::format("{}: {}", what, std::strerror(errno));
}

constexpr std::chrono::seconds kOwnerLimit{10};  // to begin, before a guest gives up
constexpr std::chrono::milliseconds kPause{20};

Result<UniqueFd> open_lock(const std::filesystem::path& path, int flags) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
    if (!fd) return fail(Errc::kUnavailable, last_error(path));
    return fd;
}

Result<UniqueFd> own(const std::filesystem::path& dir) {
    const auto path = dir / "lock";
    TRY(UniqueFd fd, open_lock(path, O_CREAT));
    std::array<char, 32> text{};
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        const auto n = ::pread(fd.get(), text.data(), text.size() - 1, 0);
        const std::string pid(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
        return fail(
            Errc::kFailedPrecondition, fmt::format("{} is in use by process {}", dir.string(), pid),
            "locked"
        );
    }
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return fail(errno == ENOSPC ? Errc::kNoSpace : Errc::kUnavailable, last_error(path));
    }
    return fd;
}

}  // namespace

Result<DirClaim> DirClaim::as_owner(const std::filesystem::path& dir) {
    DirClaim out;
    TRY(out.owned_, own(dir));
    TRY(out.guests_, open_lock(dir / "guests", O_CREAT));
    out.is_alone_ = ::flock(out.guests_.get(), LOCK_EX | LOCK_NB) == 0;
    if (!out.is_alone_ && errno != EWOULDBLOCK)
        return fail(Errc::kUnavailable, last_error(dir / "guests"));
    return out;
}

Result<DirClaim> DirClaim::as_guest(const std::filesystem::path& dir) {
    DirClaim out;
    std::error_code ec;
    if (!std::filesystem::exists(dir / "pixgate.db", ec)) {
        return fail(
            Errc::kNotFound,
            fmt::format(
                "{} holds nothing yet: start the process with the other roles on it first",
                dir.string()
            )
        );
    }
    TRY(out.guests_, open_lock(dir / "guests", O_CREAT));
    const auto end = std::chrono::steady_clock::now() + kOwnerLimit;
    while (::flock(out.guests_.get(), LOCK_SH | LOCK_NB) != 0) {
        if (std::chrono::steady_clock::now() > end) {
            return fail(
                Errc::kFailedPrecondition,
                fmt::format("{} is being prepared by another process; try again", dir.string()),
                "locked"
            );
        }
        std::this_thread::sleep_for(kPause);
    }
    return out;
}

void DirClaim::let_guests_in() {
    if (!is_guest()) guests_.reset();
    is_alone_ = false;
}

Result<void> sync_dir(const std::filesystem::path& dir) {
    const UniqueFd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return fail(Errc::kReadOnly, last_error(dir));
    return {};
}

}  // namespace pixgate::embedded
