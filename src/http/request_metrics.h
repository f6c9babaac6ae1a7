// What a server counts. One object per event loop: metrics are looked up once per route, without
// locks after.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/metrics.h"

namespace pixgate::http {

class RequestMetrics {
public:
    RequestMetrics(Metrics& metrics, const std::string& server);

    void answered(std::string_view route, unsigned status, std::chrono::nanoseconds took);
    // A request that never reached a handler: 400, 408, 414, 431, 503 ….
    void refused(unsigned status);
    void transferred(std::uint64_t received_bytes, std::uint64_t sent_bytes);
    Gauge& connections() { return connections_; }

private:
    struct Route {
        std::array<Counter*, 6> by_class{};  // [2] counts 2xx
        Histogram* seconds = nullptr;
    };
    Route& route_for(std::string_view name);

    Metrics& metrics_;
    std::string server_;
    Gauge& connections_;
    Counter& received_bytes_;
    Counter& sent_bytes_;
    std::map<std::string, Route, std::less<>> routes_;
    std::map<unsigned, Counter*> refusals_;
};

}  // namespace pixgate::http
