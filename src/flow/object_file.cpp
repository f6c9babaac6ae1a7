#include "flow/object_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

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

class FileBody : public BodySource {
public:
    FileBody(UniqueFd file, std::uint64_t size_bytes)
        : file_(std::move(file)), size_bytes_(size_bytes) {}

    Task<Result<ByteView>> next() override {
        const auto left = std::min<std::uint64_t>(piece_.size(), size_bytes_ - position_);
        const auto n =
            left == 0 ? 0
                      : ::pread(file_.get(), piece_.data(), left, static_cast<off_t>(position_));
        if (n < 0 || (n == 0 && left > 0))
            co_return fail(Errc::kUnavailable, "file ends too early");
        position_ += static_cast<std::uint64_t>(n);
        co_return ByteView(piece_).first(static_cast<std::size_t>(n));
    }

    std::optional<std::uint64_t> length() const override { return size_bytes_; }

private:
    UniqueFd file_;
    std::uint64_t size_bytes_;
    std::uint64_t position_ = 0;
    std::vector<std::byte> piece_ = std::vector<std::byte>(64 * 1024);
};

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

std::unique_ptr<BodySource> make_file_body(UniqueFd file, std::uint64_t size_bytes) {
    return std::make_unique<FileBody>(std::move(file), size_bytes);
}

}  // namespace pixgate
