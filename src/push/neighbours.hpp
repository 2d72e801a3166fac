#pragma once
// Neighbours: the processes that share the bus, and who of them is not heard any more. Each says every two seconds that
// it lives. Any thread; tick() from one.
//
// A process that hears nobody, because its own bus is away or because it stood still itself, must not take the others
// for dead: it begins to count when it hears again.

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/thread_annotations.hpp"
#include "bus/bus.hpp"

namespace stoa::push {

struct NeighbourTimes {
    std::int64_t beat_us = 2'000'000;
    std::int64_t silent_us = 10'000'000;  ///< who says nothing for so long is dead
};

class Neighbours {
  public:
    Neighbours(bus::Bus& bus, NeighbourTimes times);
    Neighbours(const Neighbours&) = delete;
    Neighbours& operator=(const Neighbours&) = delete;

    /// The name of this process.
    const std::string& self() const { return self_; }
    /// Says that this process lives, when it is time.
    void tick(std::int64_t now_us) STOA_EXCLUDES(mutex_);
    void heard(const std::string& node, std::int64_t now_us) STOA_EXCLUDES(mutex_);
    /// Who is dead. For ten minutes, then it is forgotten.
    std::vector<std::string> silent(std::int64_t now_us) STOA_EXCLUDES(mutex_);

  private:
    bus::Bus& bus_;
    const NeighbourTimes times_;
    const std::string self_;
    Mutex mutex_;
    std::map<std::string, std::int64_t> heard_us_ STOA_GUARDED_BY(mutex_);
    std::int64_t since_us_ STOA_GUARDED_BY(mutex_);  ///< from when on it hears everybody
    std::int64_t ticked_us_ STOA_GUARDED_BY(mutex_) = 0;
    std::int64_t beat_us_ STOA_GUARDED_BY(mutex_) = 0;
    bus::Subscription subscription_;  ///< last: its handlers use the rest
};

}  // namespace stoa::push
