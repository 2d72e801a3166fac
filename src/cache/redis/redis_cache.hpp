#pragma once
// The cache on a Redis server, see cache/cache.hpp.

#include <memory>

#include "cache/cache.hpp"
#include "cache/redis/master_finder.hpp"

namespace stoa::cache::redis {

std::unique_ptr<Cache> make_redis_cache(Settings settings);

}  // namespace stoa::cache::redis
