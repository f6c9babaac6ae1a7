#include <map>

#include "adapters/memory/state.h"

namespace pixgate::memory {

namespace {

class MemoryLeases : public Leases {
public:
    explicit MemoryLeases(const Clock& clock) : clock_(clock) {}

    Task<Result<std::optional<std::string>>> try_take(
        std::string name, std::chrono::milliseconds lifetime
    ) override {
        const auto now = clock_.steady();
        const std::lock_guard lock(mutex_);
        auto& lease = held_[std::move(name)];
        if (lease.until > now) co_return std::nullopt;
        lease = {std::to_string(++last_token_), now + lifetime};
        co_return lease.token;
    }

    Task<Result<void>> release(std::string name, std::string token) override {
        const std::lock_guard lock(mutex_);
        const auto held = held_.find(name);
        if (held != held_.end() && held->second.token == token) held_.erase(held);
        co_return Result<void>{};
    }

private:
    struct Lease {
        std::string token;
        std::chrono::steady_clock::time_point until{};
    };
    const Clock& clock_;
    std::mutex mutex_;
    std::map<std::string, Lease> held_;
    std::uint64_t last_token_ = 0;
};

}  // namespace

std::unique_ptr<Leases> make_leases(const Clock& clock) {
    return std::make_unique<MemoryLeases>(clock);
}

}  // namespace pixgate::memory
