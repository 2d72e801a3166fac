#pragma once
// Everything of the portal that is not REST: the files of the interface, /api/, /oauth/, one-time links.
// handle() is called on I/O threads and does not block.

#include "pages/assets.hpp"
#include "pages/oauth_pages.hpp"
#include "pages/portal_api.hpp"

namespace stoa::pages {

class Site {
  public:
    Site(const Services& services, Assets assets);
    void handle(net::Request& request, net::Responder responder) const;

  private:
    /// A link that logs in is used up by opening it; the others lead to a form of the interface.
    void open_link(net::Request& request, net::Responder responder, std::string token) const;

    const Services& services_;
    const Assets assets_;
    const PortalApi api_;
    const OAuthPages oauth_;
};

}  // namespace stoa::pages
