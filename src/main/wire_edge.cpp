#include "main/wire_edge.h"

#include <thread>

namespace pixgate {

DeliverImage::Config deliver_config_of(const Config& config) {
    DeliverImage::Config out;
    out.memory_bytes = config.edge.memory_cache_bytes;
    out.max_running = config.edge.max_running != 0
                          ? config.edge.max_running
                          : std::max(1U, std::thread::hardware_concurrency());
    out.max_waiting = config.edge.max_waiting;
    out.pixels_per_second_per_client = config.edge.pixels_per_second_per_client;
    out.stale_if_error = config.edge.stale_if_error;
    return out;
}

}  // namespace pixgate
