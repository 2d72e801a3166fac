#pragma once
// The cache on one or several Memcached servers, see cache/cache.hpp. A key belongs to one server (ring.hpp); one that
// does not answer is left out at once, for all threads, and its keys go to the next until it is back. It may then give
// back what it had before, and two processes may see different servers for a moment: one more reason why cached values
// need lifetimes and versions.

#include <memory>
#include <string>
#include <vector>

#include "cache/cache.hpp"

namespace stoa::cache::memcached {

/// memcached://host[:11211][,host…]. Parameters: connect_ms=200, command_ms=100, pool=16 (connections per server),
/// prefix= (before each key).
struct Settings {
    std::vector<EngineUrl::Host> hosts;
    int connect_ms = 200;
    int command_ms = 100;
    int pool = 16;
    std::string prefix;
};

/// Errors: invalid_argument naming the part of the address.
Result<Settings> read_settings(const EngineUrl& url);

std::unique_ptr<Cache> make_memcached_cache(Settings settings);

}  // namespace stoa::cache::memcached
