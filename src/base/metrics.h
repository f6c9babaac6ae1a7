// Prometheus metrics. A Metrics lives in main and is handed to what counts; names begin with
// "pixgate_".
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace pixgate {

class Counter {
public:
    virtual ~Counter() = default;
    virtual void add(double n = 1) = 0;
    virtual double value() const = 0;
};

class Gauge {
public:
    virtual ~Gauge() = default;
    virtual void set(double v) = 0;
    virtual void add(double n) = 0;
};

class Histogram {
public:
    virtual ~Histogram() = default;
    virtual void observe(double v) = 0;
};

class Metrics {
public:
    using Labels = std::map<std::string, std::string>;

    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // The same name and labels give the same metric. The reference holds as long as this object.
    // Look metrics up once, at construction: the look-up takes a lock.
    Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
    Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
    // Buckets in seconds: 0.5 ms to 30 s.
    Histogram& seconds(const std::string& name, const std::string& help, const Labels& labels = {});

    // Text exposition format 0.0.4.
    std::string expose() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace pixgate
