// Tells caches in front of the edge what was deleted, replaced or withdrawn. It reads the catalog's
// change feed from where it left off and keeps what is to be told in an outbox, so that neither a
// crash nor a cache that is down for hours loses a deletion. At least once. Run by main in the
// background, where such a cache is configured.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "base/metrics.h"
#include "base/task_group.h"
#include "ports/alerts.h"
#include "ports/catalog.h"
#include "ports/purge.h"

namespace pixgate {

class PurgeCaches {
public:
    struct Ports {
        Catalog& catalog;
        PurgeOutbox& outbox;
        AlertLog& alerts;
        std::vector<std::unique_ptr<PurgeTarget>> targets;  // one at least
        const Clock& clock;
        Metrics& metrics;
        std::string instance_id;  // in references, so that two servers never use the same
    };
    explicit PurgeCaches(Ports ports);

    // Until the flag is set.
    Task<void> run(StopFlag& stop);

    // One round: take over what changed, tell one batch. How long to wait before the next. While a
    // target fails, rounds come with backoff (1 s to 5 min, and not before it asks for); after ten
    // minutes there is an alert, and again each hour.
    //   errors  of catalog and outbox
    Task<Result<std::chrono::milliseconds>> round();

private:
    struct Batch {
        PurgeBatch images;
        std::int64_t last_seq = 0;
        TimePoint since;
        std::vector<bool> is_told;  // by target
    };

    Task<Result<bool>> take_over();
    Task<Result<void>> begin_batch();
    Task<Result<void>> tell(std::chrono::seconds& retry_after_out);
    Task<Result<void>> raise_alert(const Error& error);

    Ports ports_;
    std::optional<std::int64_t> position_;
    std::optional<Batch> batch_;
    std::uint32_t failures_ = 0;  // in a row
    std::optional<TimePoint> last_alert_;
    Counter& told_;
    Counter& failed_;
    Gauge& age_;
};

}  // namespace pixgate
