#include "app/probe/measures.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace stoa::app::probe {
namespace {

constexpr std::size_t kFaultsMax = 10;
constexpr std::size_t kTimesMax = 10'000'000;  ///< 40 MB; what comes after counts, but not for the percentiles

}  // namespace

void Measures::note(std::int64_t took_us, std::string_view what, std::string_view request_id) {
    const auto us =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(took_us, 0, std::numeric_limits<std::uint32_t>::max()));
    ++requests_;
    longest_us_ = std::max(longest_us_, us);
    if (us / 1000.0 > slowest_.ms) slowest_ = {us / 1000.0, std::string(what), std::string(request_id)};
    if (took_us_.size() < kTimesMax) took_us_.push_back(us);
}

void Measures::began(std::int64_t at_us) {
    const MutexLock lock(mutex_);
    waiting_.insert(at_us);
}

void Measures::ended(std::int64_t at_us) {
    const MutexLock lock(mutex_);
    if (const auto found = waiting_.find(at_us); found != waiting_.end()) waiting_.erase(found);
}

std::optional<std::int64_t> Measures::oldest_us() const {
    const MutexLock lock(mutex_);
    if (waiting_.empty()) return std::nullopt;
    return *waiting_.begin();
}

void Measures::answered(std::int64_t took_us, std::string_view what, std::string_view request_id) {
    const MutexLock lock(mutex_);
    note(took_us, what, request_id);
}

void Measures::failed(std::int64_t took_us, Fault fault, bool logout) {
    fault.after_s = static_cast<double>(system_clock().monotonic_us() - begun_us_) / 1e6;
    const MutexLock lock(mutex_);
    note(took_us, fault.what, fault.request_id);
    ++counts_.failed;
    if (logout) ++counts_.logouts;
    if (fault.status == 200) ++counts_.wrong;
    if (counts_.faults.size() < kFaultsMax) counts_.faults.push_back(std::move(fault));
}

void Measures::retried() {
    const MutexLock lock(mutex_);
    ++counts_.client_retries;
}

Measures::Slowest Measures::take_slowest() {
    const MutexLock lock(mutex_);
    return std::exchange(slowest_, {});
}

std::int64_t Measures::requests() const {
    const MutexLock lock(mutex_);
    return requests_;
}

Summary Measures::summary() const {
    std::vector<std::uint32_t> times;
    Summary out;
    {
        const MutexLock lock(mutex_);
        out = counts_;
        out.requests = requests_;
        out.stall_ms = longest_us_ / 1000.0;
        times = took_us_;
    }
    out.p50_ms = percentile(times, 0.5) / 1000.0;
    out.p99_ms = percentile(std::move(times), 0.99) / 1000.0;
    return out;
}

double percentile(std::vector<std::uint32_t> values, double share) {
    if (values.empty()) return 0;
    const auto rank = std::min(values.size() - 1, static_cast<std::size_t>(static_cast<double>(values.size()) * share));
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank);
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

}  // namespace stoa::app::probe
