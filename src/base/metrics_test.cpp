#include "base/metrics.h"

#include <gtest/gtest.h>

namespace pixgate {
namespace {

TEST(Metrics, AreExposedAsPrometheusReadsThem) {
    Metrics metrics;
    metrics.counter("pixgate_test_total", "Help text", {{"kind", "a"}}).add(2);
    metrics.counter("pixgate_test_total", "Help text", {{"kind", "a"}}).add();
    metrics.gauge("pixgate_depth", "Depth").set(7);
    metrics.seconds("pixgate_seconds", "Time").observe(0.02);
    const auto text = metrics.expose();
    EXPECT_NE(text.find("# HELP pixgate_test_total Help text"), text.npos);
    EXPECT_NE(text.find("pixgate_test_total{kind=\"a\"} 3"), text.npos);
    EXPECT_NE(text.find("pixgate_depth 7"), text.npos);
    EXPECT_NE(text.find("pixgate_seconds_bucket{le=\"0.025\"} 1"), text.npos);
    EXPECT_NE(text.find("pixgate_seconds_bucket{le=\"0.01\"} 0"), text.npos);
}

}  // namespace
}  // namespace pixgate
