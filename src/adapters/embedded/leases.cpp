#include "adapters/embedded/leases.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <span>
#include <utility>

#include "base/crypto.h"
#include "base/fd.h"
#include "base/ids.h"
#include "base/log.h"

namespace pixgate::embedded {

namespace {

using Word = std::atomic<std::uint64_t>;
static_assert(Word::is_always_lock_free);  // between processes

constexpr std::size_t kSlots = 16'384;
constexpr std::size_t kBytes = kSlots * sizeof(Word);
// The low bits of a word are the end in milliseconds, the high ones the token.
constexpr unsigned kEndBits = 44;
constexpr std::uint64_t kEndMask = (1ULL << kEndBits) - 1;
constexpr std::chrono::milliseconds kMaxLifetime{60'000};

class Mapping {
public:
    explicit Mapping(void* at) : at_(at) {}
    Mapping(Mapping&& other) noexcept : at_(std::exchange(other.at_, nullptr)) {}
    Mapping& operator=(Mapping&&) = delete;
    ~Mapping() {
        if (at_ != nullptr) ::munmap(at_, kBytes);
    }
    Word& slot_of(const std::string& name) const {
        const auto digest = sha256(as_bytes(name));
        std::uint64_t number = 0;
        std::memcpy(&number, digest.data(), sizeof number);
        return static_cast<Word*>(at_)[number % kSlots];
    }

private:
    void* at_;
};

class EmbeddedLeases : public Leases {
public:
    EmbeddedLeases(Mapping table, const Clock& clock) : table_(std::move(table)), clock_(clock) {}

    Task<Result<std::optional<std::string>>> try_take(
        std::string name, std::chrono::milliseconds lifetime
    ) override {
        Word& slot = table_.slot_of(name);
        const std::uint64_t now = now_ms();
        std::uint64_t found = slot.load();
        const std::uint64_t end = found & kEndMask;
        if (end > now && end - now <= static_cast<std::uint64_t>(kMaxLifetime.count()))
            co_return std::nullopt;
        const auto until =
            now + static_cast<std::uint64_t>(std::min(lifetime, kMaxLifetime).count());
        const std::uint64_t mine = new_token() << kEndBits | (until & kEndMask);
        if (!slot.compare_exchange_strong(found, mine)) co_return std::nullopt;
        co_return std::to_string(mine);
    }

    Task<Result<void>> release(std::string name, std::string token) override {
        std::uint64_t mine = 0;
        std::from_chars(token.data(), token.data() + token.size(), mine);
        if (mine != 0) table_.slot_of(name).compare_exchange_strong(mine, 0);
        co_return Result<void>{};
    }

private:
    std::uint64_t now_ms() const {
        return static_cast<std::uint64_t>(
            std::chrono::floor<std::chrono::milliseconds>(clock_.steady())
                .time_since_epoch()
                .count()
        );
    }
    static std::uint64_t new_token() {
        std::uint64_t token = 0;
        fill_random(std::as_writable_bytes(std::span(&token, 1)));
        return token >> kEndBits;
    }

    Mapping table_;
    const Clock& clock_;
};

std::unique_ptr<Leases> none(const std::filesystem::path& path) {
    log::warning(
        "no leases between processes: they may make the same variant twice",
        {{"file", path.string()}, {"what", std::strerror(errno)}}
    );
    return nullptr;
}

}  // namespace

std::unique_ptr<Leases> make_leases(const std::filesystem::path& dir, const Clock& clock) {
    const auto path = dir / "leases";
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) return none(path);
    // With its blocks taken, or a disk that is full would end whoever writes to the mapping.
    if (const int error = ::posix_fallocate(fd.get(), 0, kBytes); error != 0) {
        errno = error;
        return none(path);
    }
    void* at = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (at == MAP_FAILED) return none(path);
    return std::make_unique<EmbeddedLeases>(Mapping(at), clock);
}

}  // namespace pixgate::embedded
