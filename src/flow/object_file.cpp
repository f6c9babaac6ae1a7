#include "flow/object_file.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>

namespace pixgate {

namespace {

Result<void> write_all(int fd, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail(Errc::kNoSpace, fmt::format("memfd write: errno {}", errno));
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
    return {};
}

}  // namespace

Task<Result<UniqueFd>> open_as_file(ObjectReader& reader) {
    if (auto file = reader.file()) co_return file;
    const auto size_bytes = reader.info().size_bytes;
    UniqueFd fd(::memfd_create("picture", MFD_CLOEXEC));
    if (!fd) co_return fail(Errc::kUnavailable, fmt::format("memfd_create: errno {}", errno));
    const auto body = reader.body(0, size_bytes);
    std::uint64_t taken = 0;
    for (;;) {
        CO_TRY(const auto piece, co_await body->next());
        if (piece.empty()) break;
        taken += piece.size();
        if (taken > size_bytes) co_return fail(Errc::kUnavailable, "object longer than announced");
        CO_CHECK(write_all(fd.get(), piece));
    }
    if (taken != size_bytes) co_return fail(Errc::kUnavailable, "object shorter than announced");
    co_return fd;
}

}  // namespace pixgate
