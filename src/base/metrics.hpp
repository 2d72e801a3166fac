#pragma once
// Numbers for /metrics in the Prometheus text format. Any thread.
// Ask for a metric once (it takes a lock) and keep the reference: it lives as long as the process. Changing it is one
// atomic operation. Names: snake_case with the unit last, counters end in _total. Label values must come from a small
// fixed set: at most 1 000 series per name; more share one series whose values are "other".
// https://prometheus.io/docs/instrumenting/exposition_formats/

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stoa {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Only goes up.
class Counter {
  public:
    void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

/// Goes up and down: queue lengths, open connections.
class Gauge {
  public:
    void set(std::int64_t v) { value_.store(v, std::memory_order_relaxed); }
    void add(std::int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
    void sub(std::int64_t n = 1) { value_.fetch_sub(n, std::memory_order_relaxed); }
    std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> value_{0};
};

/// Counts observations by size. Units are the caller's: name the metric accordingly.
class Histogram {
  public:
    explicit Histogram(std::vector<double> bounds);
    void observe(double v);

    const std::vector<double>& bounds() const { return bounds_; }
    std::uint64_t bucket(std::size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
    std::uint64_t count() const;
    double sum() const { return sum_.load(std::memory_order_relaxed); }

  private:
    std::vector<double> bounds_;                             ///< upper ends, ascending; a last bucket takes the rest
    std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;  ///< not cumulative
    std::atomic<double> sum_{0};
};

/// 100 µs … 10 s, in seconds.
const std::vector<double>& duration_bounds_s();

/// The metric of that name and labels, made at first sight. The same name with another kind is a broken program.
Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
/// The bounds of the first caller hold for all series of the name.
Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels = {},
                     const std::vector<double>& bounds = duration_bounds_s());

/// Everything, as text for the scraper.
std::string metrics_text();

}  // namespace stoa
