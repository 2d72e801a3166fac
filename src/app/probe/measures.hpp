#pragma once
// Measures: what happened to the requests of all clients. Any thread.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::app::probe {

/// A request that did not get its right answer.
struct Fault {
    std::string what;  ///< "crm.lead.add"
    int status = 0;    ///< of HTTP; 0: there was no answer
    std::string request_id;
    std::string why;
    double after_s = 0;  ///< since the load began
};

struct Summary {
    std::int64_t requests = 0;
    std::int64_t failed = 0;
    std::int64_t wrong = 0;           ///< of those, answered with 200 and not what it must be
    std::int64_t logouts = 0;         ///< of those, a page that was asked for with a session and said "log in"
    std::int64_t client_retries = 0;  ///< requests sent again because a connection broke without an answer
    double stall_ms = 0;              ///< longest time of one request with all its retries
    double p50_ms = 0, p99_ms = 0;
    std::vector<Fault> faults;  ///< the first few
};

class Measures {
  public:
    /// Around each request with all its attempts; the same moment (monotonic) for both.
    void began(std::int64_t at_us);
    void ended(std::int64_t at_us);
    /// When the oldest request that still waits began; nothing: none waits.
    std::optional<std::int64_t> oldest_us() const;

    void answered(std::int64_t took_us, std::string_view what = {}, std::string_view request_id = {});
    void failed(std::int64_t took_us, Fault fault, bool logout = false);
    void retried();

    /// The request that took longest of those that ended since the last call.
    struct Slowest {
        double ms = 0;
        std::string what, request_id;
    };
    Slowest take_slowest();
    Summary summary() const;
    std::int64_t requests() const;

  private:
    void note(std::int64_t took_us, std::string_view what, std::string_view request_id) STOA_REQUIRES(mutex_);

    const std::int64_t begun_us_ = system_clock().monotonic_us();
    mutable Mutex mutex_;
    std::vector<std::uint32_t> took_us_ STOA_GUARDED_BY(mutex_);
    std::uint32_t longest_us_ STOA_GUARDED_BY(mutex_) = 0;
    Slowest slowest_ STOA_GUARDED_BY(mutex_);
    std::multiset<std::int64_t> waiting_ STOA_GUARDED_BY(mutex_);
    std::int64_t requests_ STOA_GUARDED_BY(mutex_) = 0;
    Summary counts_ STOA_GUARDED_BY(mutex_);
};

/// The value that `share` (0 to 1) of the values do not exceed; 0 when there is none.
double percentile(std::vector<std::uint32_t> values, double share);

}  // namespace stoa::app::probe
