#include "http/request_metrics.h"

#include <algorithm>

namespace pixgate::http {

namespace {
// Routes are ours and few. The bound holds should someone make them from what a stranger sends.
constexpr std::size_t kMaxRoutes = 200;
}  // namespace

RequestMetrics::RequestMetrics(Metrics& metrics, const std::string& server)
    : metrics_(metrics),
      server_(server),
      connections_(
          metrics.gauge("pixgate_http_connections", "Open connections", {{"server", server}})
      ),
      received_bytes_(metrics.counter(
          "pixgate_http_received_bytes_total",
          "Bytes received, heads included",
          {{"server", server}}
      )),
      sent_bytes_(metrics.counter(
          "pixgate_http_sent_bytes_total", "Bytes sent, heads included", {{"server", server}}
      )) {}

RequestMetrics::Route& RequestMetrics::route_for(std::string_view name) {
    if (const auto found = routes_.find(name); found != routes_.end()) return found->second;
    if (routes_.size() >= kMaxRoutes && name != "other") return route_for("other");
    Route& route = routes_[std::string(name)];
    route.seconds = &metrics_.seconds(
        "pixgate_http_request_seconds", "From the end of a request's head to the end of its answer",
        {{"server", server_}, {"route", std::string(name)}}
    );
    return route;
}

void RequestMetrics::answered(
    std::string_view route_name, unsigned status, std::chrono::nanoseconds took
) {
    const std::string_view name = route_name.empty() ? "none" : route_name;
    Route& route = route_for(name);
    auto& counter = route.by_class[std::min(status / 100, 5U)];
    if (counter == nullptr) {
        const auto known = routes_.contains(name) ? name : std::string_view("other");
        counter = &metrics_.counter(
            "pixgate_http_requests_total", "Requests answered by a handler",
            {{"server", server_},
             {"route", std::string(known)},
             {"status", std::to_string(std::min(status / 100, 5U)) + "xx"}}
        );
    }
    counter->add();
    route.seconds->observe(std::chrono::duration<double>(took).count());
}

void RequestMetrics::refused(unsigned status) {
    auto& counter = refusals_[status];
    if (counter == nullptr) {
        counter = &metrics_.counter(
            "pixgate_http_refused_total", "Requests refused before any handler saw them",
            {{"server", server_}, {"status", std::to_string(status)}}
        );
    }
    counter->add();
}

void RequestMetrics::transferred(std::uint64_t received_bytes, std::uint64_t sent_bytes) {
    received_bytes_.add(static_cast<double>(received_bytes));
    sent_bytes_.add(static_cast<double>(sent_bytes));
}

}  // namespace pixgate::http
