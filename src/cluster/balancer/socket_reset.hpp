#pragma once
// Ends established TCP connections of this host (its network namespace) to one address, as `ss -K` does, through the
// kernel's socket diagnosis (CONFIG_INET_DIAG_DESTROY; needs CAP_NET_ADMIN). Whoever waits on such a connection gets an
// error at once instead of waiting for a host that is gone. Any thread; blocks for milliseconds.

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace stoa::cluster {

/// How many were ended. Errors: invalid_argument (no IP literal), unsupported (the kernel cannot), forbidden.
Result<int> reset_connections(const std::string& address, std::uint16_t port);

}  // namespace stoa::cluster
