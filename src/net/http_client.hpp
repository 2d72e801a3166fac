#pragma once
// Outgoing HTTP: webhooks, OAuth, S3, etcd. Blocking, with a deadline; call it from worker threads only.
// Refuses private, loopback and link-local targets unless the caller says otherwise (server-side request forgery),
// checks the address that is really connected to, follows no redirects and uses no proxy.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "net/server.hpp"

namespace stoa::net {

struct ClientRequest {
    std::string method = "GET";
    std::string url;
    std::vector<Header> headers;
    std::string body;
    int timeout_ms = 10'000;  ///< whole exchange
    int connect_timeout_ms = 3'000;
    std::size_t answer_bytes_max = 1 << 20;
    bool allow_private_targets = false;
    bool verify_tls = true;
};

struct ClientResponse {
    int status = 0;
    std::vector<Header> headers;
    std::string body;
};

/// Errors: invalid_argument (URL, scheme), forbidden (target not allowed), timeout, unavailable, too_large.
Result<ClientResponse> fetch(const ClientRequest& request);

}  // namespace stoa::net
