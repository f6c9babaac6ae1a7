#include "adapters/embedded/data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

namespace pixgate::embedded {

namespace {

std::string last_error(const std::string& what) {
    return fmt::format("{}: {}", what, std::strerror(errno));
}

}  // namespace

Result<UniqueFd> lock_dir(const std::filesystem::path& dir) {
    const auto path = dir / "lock";
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return fail(Errc::kUnavailable, last_error(path));
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

Result<void> sync_dir(const std::filesystem::path& dir) {
    const UniqueFd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) return fail(Errc::kReadOnly, last_error(dir));
    return {};
}

}  // namespace pixgate::embedded
