#include "base/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <deque>
#include <mutex>

namespace pixgate {

namespace {

class PromCounter : public Counter {
public:
    explicit PromCounter(prometheus::Counter& c) : inner_(c) {}
    void add(double n) override { inner_.Increment(n); }
    double value() const override { return inner_.Value(); }

private:
    prometheus::Counter& inner_;
};

class PromGauge : public Gauge {
public:
    explicit PromGauge(prometheus::Gauge& g) : inner_(g) {}
    void set(double v) override { inner_.Set(v); }
    void add(double n) override { inner_.Increment(n); }

private:
    prometheus::Gauge& inner_;
};

class PromHistogram : public Histogram {
public:
    explicit PromHistogram(prometheus::Histogram& h) : inner_(h) {}
    void observe(double v) override { inner_.Observe(v); }

private:
    prometheus::Histogram& inner_;
};

}  // namespace

struct Metrics::State {
    prometheus::Registry registry;
    std::mutex mutex;
    std::deque<PromCounter> counters;
    std::deque<PromGauge> gauges;
    std::deque<PromHistogram> histograms;
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

Counter& Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
    auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(state_->registry);
    const std::lock_guard lock(state_->mutex);
    return state_->counters.emplace_back(family.Add(labels));
}

Gauge& Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
    auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(state_->registry);
    const std::lock_guard lock(state_->mutex);
    return state_->gauges.emplace_back(family.Add(labels));
}

Histogram& Metrics::seconds(
    const std::string& name, const std::string& help, const Labels& labels
) {
    static const prometheus::Histogram::BucketBoundaries kBuckets{
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30
    };
    auto& family = prometheus::BuildHistogram().Name(name).Help(help).Register(state_->registry);
    const std::lock_guard lock(state_->mutex);
    return state_->histograms.emplace_back(family.Add(labels, kBuckets));
}

std::string Metrics::expose() const {
    return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace pixgate
