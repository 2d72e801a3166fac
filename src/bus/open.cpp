#include "bus/bus.hpp"
#include "bus/redis/redis_bus.hpp"

namespace stoa::bus {

Result<std::unique_ptr<Bus>> open(const EngineUrl& url) {
    if (url.scheme.empty() || url.scheme == "memory") return make_memory_bus();
    STOA_TRY(cache::redis::Settings settings, cache::redis::read_settings(url));
    return redis::make_redis_bus(std::move(settings));
}

}  // namespace stoa::bus
