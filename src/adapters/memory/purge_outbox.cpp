#include <deque>

#include "adapters/memory/state.h"

namespace pixgate::memory {

namespace {

class MemoryPurgeOutbox : public PurgeOutbox {
public:
    Task<Result<std::optional<std::int64_t>>> position() override {
        const std::lock_guard lock(mutex_);
        co_return position_;
    }

    Task<Result<void>> take_over(std::vector<ImageId> images, std::int64_t position, TimePoint at)
        override {
        const std::lock_guard lock(mutex_);
        for (auto& id : images) pending_.push_back({++last_, std::move(id), at});
        position_ = position;
        co_return Result<void>{};
    }

    Task<Result<std::vector<PendingPurge>>> pending(std::size_t limit) override {
        const std::lock_guard lock(mutex_);
        const auto n = static_cast<std::ptrdiff_t>(std::min(limit, pending_.size()));
        co_return std::vector<PendingPurge>(pending_.begin(), pending_.begin() + n);
    }

    Task<Result<void>> done(std::int64_t up_to_seq) override {
        const std::lock_guard lock(mutex_);
        while (!pending_.empty() && pending_.front().seq <= up_to_seq) pending_.pop_front();
        co_return Result<void>{};
    }

private:
    std::mutex mutex_;
    std::deque<PendingPurge> pending_;
    std::int64_t last_ = 0;
    std::optional<std::int64_t> position_;
};

}  // namespace

std::unique_ptr<PurgeOutbox> make_purge_outbox() {
    return std::make_unique<MemoryPurgeOutbox>();
}

}  // namespace pixgate::memory
