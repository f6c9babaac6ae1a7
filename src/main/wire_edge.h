// The edge's part of the wiring: settings to configurations, and what runs in the background for
// it. Used by main/wire.cpp.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "flow/deliver_image.h"
#include "flow/follow_changes.h"
#include "flow/purge_caches.h"
#include "main/config.h"

namespace pixgate {

// Those that this process may run on: fewer than the machine has under taskset or a cpuset.
std::size_t cores();

DeliverImage::Config deliver_config_of(const Config& config);

class EdgeBackground {
public:
    struct Ports {
        Catalog& catalog;
        PurgeOutbox& purges;
        AlertLog& alerts;
        DeliverImage& deliver;
        const Clock& clock;
        Metrics& metrics;
    };
    // errors  kInvalidArgument: a setting of [purge] that cannot be used
    static Result<std::unique_ptr<EdgeBackground>> make(const Config& config, Ports ports);

    using Run = std::function<void(std::string, std::function<Task<void>()>)>;
    // Processes of the role edge follow changes; the one with the role sweeper purges.
    void start(const Config& config, const Run& run, StopFlag& stop);

private:
    std::optional<FollowChanges> follow_;
    std::optional<PurgeCaches> purge_;  // where a target is configured
};

}  // namespace pixgate
