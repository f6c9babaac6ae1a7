#include "imaging/sandbox/job_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pixgate::imaging {

Result<UniqueFd> read_only_copy(int fd, std::uint64_t size_bytes) {
    struct stat info{};
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) ||
        static_cast<std::uint64_t>(info.st_size) < size_bytes)
        return fail(Errc::kInvalidArgument, "sandbox: input is no file of that size");
    const int flags = ::fcntl(fd, F_GETFL);
    UniqueFd copy;
    if (flags >= 0 && (flags & O_ACCMODE) == O_RDONLY) {
        copy.reset(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    } else {
        const std::string path = "/proc/self/fd/" + std::to_string(fd);
        copy.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    }
    if (!copy)
        return fail(Errc::kUnavailable, std::string("sandbox: input: ") + std::strerror(errno));
    return copy;
}

Result<OutputFile> OutputFile::make(std::uint64_t bytes) {
    UniqueFd file(::memfd_create("sandbox-output", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file || ::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0 ||
        ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
        return fail(Errc::kUnavailable, std::string("sandbox: output: ") + std::strerror(errno));
    return OutputFile(std::move(file), bytes);
}

Result<std::string> OutputFile::read(std::uint64_t offset, std::uint64_t bytes) const {
    std::string out;
    bool is_whole = true;
    out.resize_and_overwrite(static_cast<std::size_t>(bytes), [&](char* to, std::size_t size) {
        std::size_t done = 0;
        while (done < size) {
            const auto count =
                ::pread(fd_.get(), to + done, size - done, static_cast<off_t>(offset + done));
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) break;
            done += static_cast<std::size_t>(count);
        }
        is_whole = done == size;
        return done;
    });
    if (!is_whole) return fail(Errc::kUnavailable, "sandbox: output cannot be read");
    return out;
}

Result<void> OutputFile::wipe() const {
    int result = -1;
    do {
        result = ::fallocate(
            fd_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes_)
        );
    } while (result != 0 && errno == EINTR);
    if (result != 0)
        return fail(Errc::kUnavailable, std::string("sandbox: wipe: ") + std::strerror(errno));
    return {};
}

}  // namespace pixgate::imaging
