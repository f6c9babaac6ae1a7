#include "main/wire_edge.h"

#include <sched.h>

#include <thread>

#include "adapters/cloudfront/cloudfront_purge.h"
#include "adapters/http_purge/http_purge.h"

namespace pixgate {

namespace {

Error of_setting(const std::string& prefix, Error error) {
    error.message = prefix + error.reason + ": " + error.message;
    return error;
}

Result<std::vector<std::unique_ptr<PurgeTarget>>> purge_targets_of(
    const PurgeConfig& config, const Clock& clock
) {
    std::vector<std::unique_ptr<PurgeTarget>> out;
    if (!config.cloudfront_distribution.empty()) {
        auto made = make_cloudfront_purge(
            {.distribution_id = config.cloudfront_distribution,
             .access_key_id = config.cloudfront_access_key_id,
             .secret = config.cloudfront_secret_key,
             .session_token = config.cloudfront_session_token,
             .paths = config.cloudfront_paths,
             .endpoint = config.cloudfront_endpoint},
            clock
        );
        if (!made) return std::unexpected(of_setting("purge.cloudfront_", made.error()));
        out.push_back(*std::move(made));
    }
    if (!config.http_urls.empty()) {
        auto made = make_http_purge(
            {.urls = config.http_urls, .method = config.http_method, .headers = config.http_headers}
        );
        if (!made) return std::unexpected(of_setting("purge.http_", made.error()));
        out.push_back(*std::move(made));
    }
    return out;
}

}  // namespace

std::size_t cores() {
    cpu_set_t allowed;
    if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        return static_cast<std::size_t>(std::max(1, CPU_COUNT(&allowed)));
    return std::max(1U, std::thread::hardware_concurrency());
}

DeliverImage::Config deliver_config_of(const Config& config) {
    DeliverImage::Config out;
    out.memory_bytes = config.edge.memory_cache_bytes;
    out.max_running = config.edge.max_running != 0 ? config.edge.max_running : cores();
    out.max_waiting = config.edge.max_waiting;
    out.pixels_per_second_per_client = config.edge.pixels_per_second_per_client;
    out.stale_if_error = config.edge.stale_if_error;
    const auto max_age = static_cast<std::uint32_t>(config.edge.max_age.count());
    out.caching = {
        .max_age_seconds = max_age,
        .stale_while_revalidate_seconds = max_age,
        .stale_if_error_seconds = static_cast<std::uint32_t>(config.edge.stale_if_error.count()),
        .tag_field = config.edge.cache_tag_field
    };
    return out;
}

Result<std::unique_ptr<EdgeBackground>> EdgeBackground::make(const Config& config, Ports ports) {
    auto out = std::make_unique<EdgeBackground>();
    out->follow_.emplace(ports.catalog, ports.deliver, ports.metrics);
    TRY(auto targets, purge_targets_of(config.purge, ports.clock));
    if (targets.empty()) return out;
    out->purge_.emplace(PurgeCaches::Ports{
        ports.catalog, ports.purges, ports.alerts, std::move(targets), ports.clock, ports.metrics,
        config.secrets.instance_id
    });
    return out;
}

void EdgeBackground::start(const Config& config, const Run& run, StopFlag& stop) {
    if (config.has_role("edge"))
        run("follow-changes", [this, &stop] { return follow_->run(stop); });
    if (!purge_ || !config.has_role("sweeper")) return;
    run("purge-take-over", [this, &stop] { return purge_->keep_taking_over(stop); });
    for (std::size_t way = 0; way < purge_->ways(); ++way) {
        run("purge", [this, &stop, way] { return purge_->keep_telling(way, stop); });
    }
}

}  // namespace pixgate
