#include "adapters/log_alerts/log_alerts.h"

#include "base/log.h"

namespace pixgate {

namespace {

class LogAlerts : public AlertChannel {
public:
    Task<Result<void>> post(const AlertDigest& digest, std::chrono::seconds&) override {
        for (const auto& group : digest.groups) {
            log::warning(
                "alert", {{"kind", group.kind},
                          {"cause", group.cause},
                          {"count", group.count},
                          {"example", group.example},
                          {"first_at", format_rfc3339(group.first_at)},
                          {"last_at", format_rfc3339(group.last_at)},
                          {"digest", digest.id}}
            );
        }
        co_return Result<void>{};
    }
    std::string_view name() const override { return "log"; }
};

}  // namespace

std::unique_ptr<AlertChannel> make_log_alerts() {
    return std::make_unique<LogAlerts>();
}

}  // namespace pixgate
