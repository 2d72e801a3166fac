#pragma once
// Invalidation: tells a kind of cache in all other processes that what it knows of an account is old. Any thread, never
// blocks. Used like this: forget your own entry, then tell(); the callbacks forget those of this process.

#include <functional>
#include <string>

#include "base/ids.hpp"
#include "bus/bus.hpp"

namespace stoa::bus {

class Invalidation {
  public:
    /// `kind` names the cache: "metadata". The callbacks run on the bus's thread; forget_all after every gap, and once
    /// soon after the start. Errors: those of Bus::subscribe().
    static Result<std::unique_ptr<Invalidation>> open(Bus& bus, const std::string& kind,
                                                      std::function<void(AccountId)> forget,
                                                      std::function<void()> forget_all);

    void tell(AccountId account);
    /// False: changes of other processes do not arrive at the moment; keep nothing for long.
    bool reliable() const { return bus_.connected(); }

  private:
    Invalidation(Bus& bus, std::string channel) : bus_(bus), channel_(std::move(channel)) {}

    Bus& bus_;
    const std::string channel_;
    Subscription subscription_;
};

}  // namespace stoa::bus
