#include <algorithm>
#include <deque>
#include <map>

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

    Task<Result<std::vector<PendingPurge>>> pending(std::string target, std::size_t limit)
        override {
        const std::lock_guard lock(mutex_);
        std::vector<PendingPurge> out;
        const auto told = told_[target];
        for (auto it = std::ranges::upper_bound(pending_, told, {}, &PendingPurge::seq);
             it != pending_.end() && out.size() < limit; ++it) {
            out.push_back(*it);
        }
        co_return out;
    }

    Task<Result<void>> done(
        std::string target, std::int64_t up_to_seq, std::vector<std::string> all_targets
    ) override {
        const std::lock_guard lock(mutex_);
        auto& seq = told_[target];
        seq = std::max(seq, up_to_seq);
        auto told = up_to_seq;
        for (const auto& each : all_targets) told = std::min(told, told_[each]);
        while (!pending_.empty() && pending_.front().seq <= told) pending_.pop_front();
        co_return Result<void>{};
    }

private:
    std::mutex mutex_;
    std::deque<PendingPurge> pending_;
    std::map<std::string, std::int64_t> told_;
    std::int64_t last_ = 0;
    std::optional<std::int64_t> position_;
};

}  // namespace

std::unique_ptr<PurgeOutbox> make_purge_outbox() {
    return std::make_unique<MemoryPurgeOutbox>();
}

}  // namespace pixgate::memory
