#include "adapters/memory/state.h"

namespace pixgate::memory {

namespace {

class MemoryAlertLog : public AlertLog {
public:
    explicit MemoryAlertLog(StatePtr state) : state_(std::move(state)) {}

    Task<Result<void>> raise(Alert alert) override {
        const std::lock_guard lock(state_->mutex);
        state_->raise(std::move(alert));
        co_return Result<void>();
    }

    Task<Result<std::vector<Alert>>> pending(std::size_t limit) override {
        const std::lock_guard lock(state_->mutex);
        const auto n = std::min(limit, state_->alerts.size());
        const auto begin = state_->alerts.begin();
        co_return std::vector<Alert>(begin, begin + static_cast<std::ptrdiff_t>(n));
    }

    Task<Result<void>> mark_said(std::int64_t up_to_seq) override {
        const std::lock_guard lock(state_->mutex);
        auto& alerts = state_->alerts;
        while (!alerts.empty() && alerts.front().seq <= up_to_seq) alerts.pop_front();
        co_return Result<void>();
    }

private:
    StatePtr state_;
};

}  // namespace

std::unique_ptr<AlertLog> make_alert_log(StatePtr state) {
    return std::make_unique<MemoryAlertLog>(std::move(state));
}

}  // namespace pixgate::memory
