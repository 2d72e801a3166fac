#pragma once
// Deadline: the moment until which an operation with an engine may take, on the monotonic clock. Plain value.

#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"

namespace stoa::cache {

class Deadline {
  public:
    static Deadline in_ms(int ms) { return Deadline(system_clock().monotonic_us() + std::int64_t{ms} * 1'000); }

    std::int64_t left_us() const { return std::max<std::int64_t>(0, at_us_ - system_clock().monotonic_us()); }
    /// Rounded up, so that poll() does not spin through the last millisecond.
    int left_ms() const { return static_cast<int>((left_us() + 999) / 1'000); }
    bool passed() const { return left_us() == 0; }

  private:
    explicit Deadline(std::int64_t at_us) : at_us_(at_us) {}
    std::int64_t at_us_;
};

}  // namespace stoa::cache
