// Follows the catalog's change feed and takes out of this process's memory what other processes
// deleted or replaced. Without it the edge finds out when it looks the image up, 2 s later at most.
// Run by main in the background.
#pragma once

#include <optional>

#include "base/metrics.h"
#include "base/task_group.h"
#include "flow/deliver_image.h"
#include "ports/catalog.h"

namespace pixgate {

class FollowChanges {
public:
    FollowChanges(Catalog& catalog, DeliverImage& deliver, Metrics& metrics);

    // Until the flag is set. What fails is tried again.
    Task<void> run(StopFlag& stop);

    // One step: what changed since the last one, or within `wait`. The first only finds where the
    // feed ends. How many changes were taken note of.
    //   errors  of the catalog
    Task<Result<std::size_t>> step(std::chrono::milliseconds wait);

private:
    Catalog& catalog_;
    DeliverImage& deliver_;
    std::optional<std::int64_t> position_;
    Counter& dropped_;
};

}  // namespace pixgate
