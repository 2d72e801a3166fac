#pragma once
// Which part of the program answers which path. handle() is called on I/O threads and does not block.

#include "app/vitals.hpp"
#include "net/server.hpp"
#include "pages/site.hpp"
#include "push/endpoint.hpp"
#include "rest/endpoint.hpp"

namespace stoa::app {

class Router {
  public:
    /// `push` null: others serve its paths (`--roles web`).
    Router(const Vitals& vitals, rest::Endpoint& rest, push::Endpoint* push, const pages::Site& site)
        : vitals_(vitals), rest_(rest), push_(push), site_(site) {}

    void handle(net::Request& request, net::Responder responder);

  private:
    const Vitals& vitals_;
    rest::Endpoint& rest_;
    push::Endpoint* const push_;
    const pages::Site& site_;
};

/// Of a process that is the push server and nothing else.
class PushRouter {
  public:
    PushRouter(const Vitals& vitals, push::Endpoint& push) : vitals_(vitals), push_(push) {}

    void handle(net::Request& request, const net::Responder& responder);

  private:
    const Vitals& vitals_;
    push::Endpoint& push_;
};

}  // namespace stoa::app
