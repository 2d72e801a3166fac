#pragma once
// Time behind an interface, so that a test can move it. Any thread.
// Wall time may jump (leap, operator); measure durations and deadlines with monotonic_us() only.

#include <atomic>
#include <cstdint>

#include "base/ids.hpp"

namespace stoa {

struct Clock {
    virtual ~Clock() = default;
    virtual UnixSeconds now() const = 0;            ///< wall clock, seconds since 1970 UTC
    virtual std::int64_t now_us() const = 0;        ///< wall clock, microseconds
    virtual std::int64_t monotonic_us() const = 0;  ///< never goes back; zero point is arbitrary
};

/// The machine's clock; lives as long as the process.
Clock& system_clock();

/// A clock that stands still until told otherwise; for tests. advance_* moves both readings.
class ManualClock final : public Clock {
  public:
    explicit ManualClock(UnixSeconds start = 1'700'000'000) : wall_us_(start * 1'000'000) {}

    UnixSeconds now() const override { return now_us() / 1'000'000; }
    std::int64_t now_us() const override { return wall_us_.load(); }
    std::int64_t monotonic_us() const override { return monotonic_us_.load(); }

    void advance_us(std::int64_t us) {
        wall_us_ += us;
        monotonic_us_ += us;
    }
    void advance_s(std::int64_t s) { advance_us(s * 1'000'000); }
    /// Sets the wall clock alone, as an operator or NTP would.
    void set_now(UnixSeconds t) { wall_us_ = t * 1'000'000; }

  private:
    std::atomic<std::int64_t> wall_us_;
    std::atomic<std::int64_t> monotonic_us_{1'000'000};
};

}  // namespace stoa
