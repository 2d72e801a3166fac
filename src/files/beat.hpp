#pragma once
// Beat: what one operation tells the pool that runs it, and learns from it. Shared by the worker and the watchdog.

#include <atomic>
#include <cstdint>

#include "base/clock.hpp"

namespace stoa::files {

class Beat {
  public:
    /// Something moved: the deadline starts anew.
    void beat() { last_us_.store(system_clock().monotonic_us(), std::memory_order_relaxed); }
    std::int64_t since_us() const { return system_clock().monotonic_us() - last_us_.load(std::memory_order_relaxed); }

    /// The caller has been told that it failed: end soon, and change nothing any more.
    bool abandoned() const { return abandoned_.load(std::memory_order_acquire); }
    void abandon() { abandoned_.store(true, std::memory_order_release); }

    /// The failure is the store's as a whole, not this operation's: several in a row open the breaker.
    void store_is_down() { down_.store(true, std::memory_order_relaxed); }
    bool reported_down() const { return down_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> last_us_{system_clock().monotonic_us()};
    std::atomic<bool> abandoned_{false};
    std::atomic<bool> down_{false};
};

}  // namespace stoa::files
