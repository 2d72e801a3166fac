#pragma once
// Cache: values that can be made again, kept for a while where several processes find them. In process, Redis or
// Memcached.
//
// Any thread that may block (not I/O threads): a call takes at most the command timeout of the address (100 ms), and
// nothing while the engine is known to be down. A failure is never the caller's trouble: what cannot be read is a miss,
// what cannot be written is not there. So a cache may be lost, or lose a write, at any moment: what must not be
// outdated needs a lifetime, and a version in its key or value; remove() alone is no promise.
//
// Keys come from cache_key(); a value is any bytes up to limits::cache_value_bytes_max. What is over a limit is a miss.
// Metrics: stoa_cache_requests_total{cache=memory|redis|memcached, result=hit|miss|error|skipped},
// stoa_engine_reachable.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/engine_url.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

namespace stoa::cache {

class Cache {
  public:
    virtual ~Cache() = default;

    virtual std::optional<std::string> get(std::string_view key) = 0;
    /// One round trip per engine server; as many results as keys, at most limits::cache_keys_per_call_max.
    virtual std::vector<std::optional<std::string>> get_many(std::span<const std::string> keys) = 0;
    /// Lifetimes are 1 … limits::cache_lifetime_s_max seconds. True when the engine confirmed it.
    virtual bool set(std::string_view key, std::string_view value, int lifetime_s) = 0;
    /// Only when there is none; true when this call put it there.
    virtual bool add(std::string_view key, std::string_view value, int lifetime_s) = 0;
    /// True when the engine confirmed that there is none any more.
    virtual bool remove(std::string_view key) = 0;
    /// Adds `by` (1 … 10⁹) to a counter, which starts at 0 and ends lifetime_s after its start. Nothing on failure, or
    /// when the value is no counter.
    virtual std::optional<std::int64_t> increment(std::string_view key, std::int64_t by, int lifetime_s) = 0;

    /// False for the one in this process: a cache of one's own in front of it would hold everything twice.
    virtual bool is_shared() const = 0;
    /// False while calls end at once without asking the engine.
    virtual bool reachable() const = 0;
};

/// redis: and redis+sentinel: (redis/master_finder.hpp), memcached: (memcached/memcached_cache.hpp), memory: or no
/// scheme: in process. Waits half a second at most for the engine's first answer; one that is down is no error.
/// Errors: invalid_argument naming the part of the address.
Result<std::unique_ptr<Cache>> open(const EngineUrl& url);

inline constexpr std::size_t kMemoryCacheBytes = 16 * 1024 * 1024;
std::unique_ptr<Cache> make_memory_cache(std::size_t bytes_max = kMemoryCacheBytes);

/// A kind of cached thing. A new version for each change of how the value is written: processes of both programs run
/// side by side during an update.
struct Space {
    std::string_view name;  ///< a few lower-case letters
    int version = 1;
};

/// "s1:12:rest". What does not fit a key (length, control characters, blanks) is replaced by its SHA-256.
std::string cache_key(const Space& space, AccountId account, std::string_view rest);

/// 1 … limits::cache_key_bytes_max printable ASCII characters without blanks.
bool is_cache_key(std::string_view key);

}  // namespace stoa::cache
