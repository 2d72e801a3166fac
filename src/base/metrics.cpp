#include "base/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <map>
#include <sstream>
#include <stdexcept>
#include <variant>

#include "base/thread_annotations.hpp"

namespace stoa {
namespace {

constexpr std::size_t kSeriesPerNameMax = 1000;

using Metric = std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>>;

struct Family {
    std::string help;
    std::size_t kind = 0;  ///< which alternative of Metric
    std::vector<double> bounds;
    std::map<Labels, Metric> series;
};

class Registry {
  public:
    template <class T, class Make>
    T& get(std::string_view name, std::string_view help, Labels labels, const Make& make) STOA_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        auto [at, fresh] = families_.try_emplace(std::string(name));
        Family& family = at->second;
        if (fresh) {
            family.help = help;
            family.kind = Metric(std::unique_ptr<T>()).index();
        }
        if (family.kind != Metric(std::unique_ptr<T>()).index()) {
            throw std::logic_error("metric " + std::string(name) + " is asked for as two kinds");
        }
        std::sort(labels.begin(), labels.end());
        if (family.series.size() >= kSeriesPerNameMax && !family.series.contains(labels)) {
            for (auto& label : labels)
                label.second = "other";
        }
        Metric& metric = family.series[std::move(labels)];
        auto* made = std::get_if<std::unique_ptr<T>>(&metric);
        if (!made || !*made) made = &metric.emplace<std::unique_ptr<T>>(make(family));
        return **made;
    }

    std::vector<prometheus::MetricFamily> collect() const STOA_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        std::vector<prometheus::MetricFamily> out;
        out.reserve(families_.size());
        for (const auto& [name, family] : families_)
            out.push_back(collect(name, family));
        return out;
    }

  private:
    static prometheus::MetricFamily collect(const std::string& name, const Family& family) {
        prometheus::MetricFamily out;
        out.name = name;
        out.help = family.help;
        for (const auto& [labels, metric] : family.series) {
            prometheus::ClientMetric client;
            for (const auto& [label, value] : labels)
                client.label.push_back({label, value});
            std::visit([&](const auto& m) { out.type = fill(client, *m); }, metric);
            out.metric.push_back(std::move(client));
        }
        return out;
    }

    static prometheus::MetricType fill(prometheus::ClientMetric& client, const Counter& m) {
        client.counter.value = static_cast<double>(m.value());
        return prometheus::MetricType::Counter;
    }

    static prometheus::MetricType fill(prometheus::ClientMetric& client, const Gauge& m) {
        client.gauge.value = static_cast<double>(m.value());
        return prometheus::MetricType::Gauge;
    }

    static prometheus::MetricType fill(prometheus::ClientMetric& client, const Histogram& m) {
        std::uint64_t total = 0;
        for (std::size_t i = 0; i <= m.bounds().size(); ++i) {
            total += m.bucket(i);
            const double bound = i < m.bounds().size() ? m.bounds()[i] : std::numeric_limits<double>::infinity();
            client.histogram.bucket.push_back({total, bound});
        }
        client.histogram.sample_count = total;
        client.histogram.sample_sum = m.sum();
        return prometheus::MetricType::Histogram;
    }

    mutable Mutex mutex_;
    std::map<std::string, Family, std::less<>> families_ STOA_GUARDED_BY(mutex_);
};

/// Never destroyed: threads may count while the process ends.
Registry& registry() {
    static auto* const instance = new Registry;
    return *instance;
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), buckets_(new std::atomic<std::uint64_t>[bounds_.size() + 1] {}) {
    if (!std::is_sorted(bounds_.begin(), bounds_.end())) throw std::logic_error("histogram bounds must ascend");
}

void Histogram::observe(double v) {
    const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), v) - bounds_.begin();
    buckets_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(v, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= bounds_.size(); ++i)
        total += bucket(i);
    return total;
}

const std::vector<double>& duration_bounds_s() {
    static const std::vector<double> bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                            0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
    return bounds;
}

Counter& counter(std::string_view name, std::string_view help, const Labels& labels) {
    return registry().get<Counter>(name, help, labels, [](Family&) { return std::make_unique<Counter>(); });
}

Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels) {
    return registry().get<Gauge>(name, help, labels, [](Family&) { return std::make_unique<Gauge>(); });
}

Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels,
                     const std::vector<double>& bounds) {
    return registry().get<Histogram>(name, help, labels, [&](Family& family) {
        if (family.bounds.empty()) family.bounds = bounds;
        return std::make_unique<Histogram>(family.bounds);
    });
}

std::string metrics_text() {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, registry().collect());
    return std::move(out).str();
}

}  // namespace stoa
