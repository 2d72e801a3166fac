#pragma once
// Which part of the program answers which path. handle() is called on I/O threads and does not block.

#include <atomic>

#include "net/server.hpp"
#include "pages/site.hpp"
#include "push/endpoint.hpp"
#include "rest/endpoint.hpp"

namespace stoa::app {

class Router {
  public:
    Router(rest::Endpoint& rest, push::Endpoint& push, const pages::Site& site)
        : rest_(rest), push_(push), site_(site) {}

    void handle(net::Request& request, net::Responder responder);
    /// From now on /ready answers 503, so that a balancer sends nobody here any more.
    void drain() { draining_ = true; }

  private:
    net::Response readiness() const;

    rest::Endpoint& rest_;
    push::Endpoint& push_;
    const pages::Site& site_;
    std::atomic<bool> draining_{false};
};

}  // namespace stoa::app
