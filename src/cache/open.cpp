#include "cache/cache.hpp"
#include "cache/memcached/memcached_cache.hpp"
#include "cache/redis/redis_cache.hpp"

namespace stoa::cache {

Result<std::unique_ptr<Cache>> open(const EngineUrl& url) {
    if (url.scheme.empty() || url.scheme == "memory") return make_memory_cache();
    if (url.scheme == "memcached") {
        STOA_TRY(memcached::Settings settings, memcached::read_settings(url));
        return memcached::make_memcached_cache(std::move(settings));
    }
    STOA_TRY(redis::Settings settings, redis::read_settings(url));
    return redis::make_redis_cache(std::move(settings));
}

}  // namespace stoa::cache
