#pragma once
// How events are delivered. Plain values.

#include <functional>
#include <string>

#include "base/limits.hpp"
#include "net/http_client.hpp"

namespace stoa::rest {

struct EventOptions {
    int workers = 4;                     ///< threads that call handlers
    int per_host_max = 2;                ///< calls at once to one host, so that a slow one holds no other up
    bool allow_private_targets = false;  ///< handlers at private and loopback addresses
    bool verify_tls = true;
    int call_timeout_ms = 10'000;
    int attempts_max = limits::event_attempts_max;
    int retry_first_ms = 10'000;  ///< doubled with each attempt
    int retry_longest_ms = 3'600'000;
    int linger_ms = 10;              ///< events of this long are handed over in one transaction
    std::size_t queue_max = 10'000;  ///< waiting deliveries in memory; the rest waits in the store
    std::string node;                ///< names this process in claims (delivery_claims.hpp); empty = made up
    int lease_ms = 20'000;           ///< how long a claim outlasts the moment of its call; more than a call may take
    int clock_skew_ms = 5'000;       ///< by how much the clocks of two processes may differ
    int sweep_ms = 5'000;            ///< between looks for what other processes left behind
    std::function<Result<net::ClientResponse>(const net::ClientRequest&)> transport = net::fetch;
};

}  // namespace stoa::rest
