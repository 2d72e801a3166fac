#pragma once
// The OAuth 2.0 addresses: /oauth/authorize/ for browsers, /oauth/token/ for applications.
// handle() is called on I/O threads and does not block: the work is done on the worker pool.

#include "pages/services.hpp"
#include "rest/request_key.hpp"

namespace stoa::pages {

class OAuthPages {
  public:
    explicit OAuthPages(const Services& services) : services_(services) {}
    void handle(net::Request& request, net::Responder responder) const;

  private:
    net::Response authorize(const net::Request& request, const rest::RequestId& id) const;
    net::Response token(const net::Request& request, const rest::RequestId& id) const;

    const Services& services_;
};

}  // namespace stoa::pages
