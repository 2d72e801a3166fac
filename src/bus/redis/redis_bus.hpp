#pragma once
// The bus on a Redis server, see bus/bus.hpp.

#include <memory>

#include "bus/bus.hpp"
#include "cache/redis/master_finder.hpp"

namespace stoa::bus::redis {

std::unique_ptr<Bus> make_redis_bus(cache::redis::Settings settings);

}  // namespace stoa::bus::redis
