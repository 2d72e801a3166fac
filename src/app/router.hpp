#pragma once
// Which part of the program answers which path. handle() is called on I/O threads and does not block.

#include <atomic>

#include "app/portal.hpp"
#include "base/thread_pool.hpp"
#include "net/server.hpp"
#include "pages/site.hpp"
#include "rest/endpoint.hpp"

namespace stoa::app {

class Router {
  public:
    Router(Portal& portal, rest::Endpoint& rest, const pages::Site& site, ThreadPool& workers)
        : portal_(portal), rest_(rest), site_(site), workers_(workers) {}

    void handle(net::Request& request, net::Responder responder);
    /// From now on /ready answers 503, so that a balancer sends nobody here any more.
    void drain() { draining_ = true; }

  private:
    void answer_ready(net::Responder responder);

    Portal& portal_;
    rest::Endpoint& rest_;
    const pages::Site& site_;
    ThreadPool& workers_;
    std::atomic<bool> draining_{false};
};

}  // namespace stoa::app
