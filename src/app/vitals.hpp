#pragma once
// What balancers, agents and Prometheus ask of a process: /health (also /live), /ready, /metrics. Any thread, never
// blocks.

#include <atomic>
#include <functional>
#include <string>

#include "net/server.hpp"

namespace stoa::app {

class Vitals {
  public:
    /// Says why the process is not ready; empty: it is. Asked on I/O threads.
    using Trouble = std::function<std::string()>;
    explicit Vitals(Trouble trouble = {}) : trouble_(std::move(trouble)) {}

    /// False: the path is none of these.
    bool handle(const net::Request& request, const net::Responder& responder) const;
    /// From now on /ready answers 503, so that a balancer sends nobody here any more.
    void drain() { draining_ = true; }

  private:
    net::Response readiness() const;

    const Trouble trouble_;
    std::atomic<bool> draining_{false};
};

}  // namespace stoa::app
