#pragma once
// What every driver counts, and the limits that hold for all of them. Any thread.

#include <string_view>

#include "base/limits.hpp"
#include "base/metrics.hpp"
#include "cache/cache.hpp"

namespace stoa::cache {

struct Meters {
    explicit Meters(std::string_view cache)
        : hits(of(cache, "hit")),
          misses(of(cache, "miss")),
          errors(of(cache, "error")),
          skipped(of(cache, "skipped")) {}

    Counter& hits;
    Counter& misses;
    Counter& errors;   ///< the engine failed, or the request is over a limit
    Counter& skipped;  ///< not even tried: the engine is known to be down

  private:
    static Counter& of(std::string_view cache, std::string_view result) {
        return counter("stoa_cache_requests_total", "Requests to the cache.",
                       {{"cache", std::string(cache)}, {"result", std::string(result)}});
    }
};

inline bool may_store(std::string_view key, std::string_view value, int lifetime_s) {
    return is_cache_key(key) && value.size() <= limits::cache_value_bytes_max && lifetime_s >= 1 &&
           lifetime_s <= limits::cache_lifetime_s_max;
}

inline bool may_count(std::string_view key, std::int64_t by, int lifetime_s) {
    return by >= 1 && by <= 1'000'000'000 && may_store(key, "", lifetime_s);
}

}  // namespace stoa::cache
