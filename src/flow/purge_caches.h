// Tells caches in front of the edge what was deleted, replaced or withdrawn. It reads the catalog's
// change feed from where it left off and keeps what is to be told in an outbox, so that neither a
// crash nor a cache that is down for hours loses a deletion. At least once. Run by main in the
// background, where such a cache is configured.
//
// Each target is told in two ways, none of which waits for another: at once, and half a minute
// later again, for answers that were on their way into the cache at the first time.
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
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
        std::vector<std::unique_ptr<PurgeTarget>> targets;  // one at least, of different names
        const Clock& clock;
        Metrics& metrics;
        std::string instance_id;  // in references, so that two servers never use the same
    };
    explicit PurgeCaches(Ports ports);

    // Until the flag is set; each may run on a loop of its own.
    Task<void> keep_taking_over(StopFlag& stop);
    Task<void> keep_telling(std::size_t way, StopFlag& stop);
    std::size_t ways() const { return ways_.size(); }

    // Takes over all that changed. Raises the alert "purges_lost" where the feed does not reach
    // back to where it left off.
    //   errors  of catalog, outbox and alerts
    Task<Result<void>> take_over();
    // Tells one batch in that way. How long to wait before the next: while the target fails with
    // backoff (1 s to 5 min, and not before it asks for). After ten minutes there is an alert, and
    // again each hour.
    //   errors  of outbox and alerts
    Task<Result<std::chrono::milliseconds>> tell(std::size_t way);

private:
    struct Batch {
        PurgeBatch images;
        std::size_t count = 0;
        std::int64_t last_seq = 0;
        TimePoint since;   // of the oldest
        TimePoint newest;  // and the newest
    };
    struct Way {
        PurgeTarget& target;
        std::string name;            // in the outbox
        Way* first = nullptr;        // for the second time: the one before it
        const Way* again = nullptr;  // for the first time: the one after it
        Counter& told;
        Counter& failed;
        Gauge& age;
        std::uint32_t failures = 0;        // in a row
        std::atomic<bool> is_idle{false};  // it was told all there is
        std::optional<Batch> batch;
        std::optional<TimePoint> last_alert;
    };

    Way& add_way(PurgeTarget& target, std::string name);
    Task<Result<void>> find_position();
    Task<Result<bool>> take_over_some();
    Task<Result<void>> begin_batch(Way& way);
    Task<Result<void>> note_told(Way& way);
    Task<Result<void>> raise_alert(Way& way, const Error& error);

    Ports ports_;
    std::deque<Way> ways_;  // none moves
    std::vector<std::string> names_;
    std::optional<std::int64_t> position_;
};

}  // namespace pixgate
