#pragma once
// Timers of one event loop: what is due when, nearest first. One thread. Times are of the monotonic clock.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace stoa::net {

class TimerQueue {
  public:
    using Task = std::function<void()>;

    /// Once; with an interval again and again, counted from the moment at which it ran.
    void add(std::int64_t due_us, Task task, std::int64_t interval_us = 0);
    /// Milliseconds until the nearest one is due, rounded up; 0: is due. Nothing: there is none.
    std::optional<std::int64_t> wait_ms(std::int64_t now_us) const;
    /// The nearest task that is due by then, if any; the caller runs it and asks again.
    std::optional<Task> take_due(std::int64_t now_us);
    void clear() { heap_.clear(); }

  private:
    struct Timer {
        std::int64_t due_us;
        std::uint64_t number;  ///< of equal times the older one comes first
        std::int64_t interval_us;
        Task task;
    };
    static bool later(const Timer& a, const Timer& b);

    std::vector<Timer> heap_;
    std::uint64_t count_ = 0;
};

}  // namespace stoa::net
