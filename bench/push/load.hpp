#pragma once
// The clients of one run and the loop that they live on: what all tests share. One thread.

#include <functional>
#include <memory>
#include <vector>

#include "base/fd.hpp"
#include "measured.hpp"
#include "options.hpp"
#include "sender.hpp"
#include "subscriber.hpp"
#include "target.hpp"

namespace stoa::bench {

class Load {
  public:
    explicit Load(const Options& options);

    const Options& options() const { return options_; }
    const Target& target() const { return target_; }
    Deliveries& deliveries() { return deliveries_; }
    Listeners& listeners() { return listeners_; }
    int epoll() const { return epoll_.get(); }
    ProcessCost cost() const { return cost_of(options_.pids); }

    /// All clients, each with a channel of its own, or all with the first. What one costs in memory, in KiB.
    double connect_all(bool one_channel);
    /// All go at once, and come back at once. How long that took, in seconds.
    double storm();
    /// Lets the loop run for that time.
    void run_for(int ms);
    void settle() { run_for(300); }
    /// Until it is done; ends the program when nothing happens for long.
    void wait(const std::function<bool()>& done);

  private:
    bool turn(int longest_ms);

    const Options& options_;
    const Target target_;
    Fd epoll_;
    Listeners listeners_;
    Deliveries deliveries_;
    int open_ = 0;
    std::vector<std::unique_ptr<Subscriber>> subscribers_;
};

}  // namespace stoa::bench
