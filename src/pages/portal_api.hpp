#pragma once
// The JSON endpoints of the user interface: /api/*. handle() is called on I/O threads and does not block: the handlers
// run on the worker pool.

#include "pages/api_call.hpp"

namespace stoa::pages {

class PortalApi {
  public:
    explicit PortalApi(const Services& services) : services_(services) {}
    void handle(net::Request& request, net::Responder responder) const;

  private:
    Result<ApiAnswer> run(ApiCall& call) const;

    const Services& services_;
};

/// How a route makes sure of its caller.
enum class Door : std::uint8_t {
    open,     ///< anybody reads
    site,     ///< anybody, from our own pages only (Origin, Sec-Fetch-Site)
    session,  ///< logged in
    csrf,     ///< logged in, with the CSRF header: everything that changes something
    admin,    ///< csrf, and an administrator
};

struct ApiRoute {
    std::string_view method;
    std::string_view path;  ///< ends in '/' when an argument follows
    Door door;
    Result<ApiAnswer> (*handler)(ApiCall&);
};

// The routes of each file.
const std::vector<ApiRoute>& session_routes();
const std::vector<ApiRoute>& settings_routes();

}  // namespace stoa::pages
