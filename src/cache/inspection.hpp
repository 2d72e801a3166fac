#pragma once
// What the servers of a cache or bus say about themselves, for `stoa doctor`: facts only, what they mean is decided in
// app/doctor. Functions; block for at most a few seconds per server.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/engine_url.hpp"
#include "base/result.hpp"

namespace stoa::cache {

struct EngineFacts {
    std::string address;
    std::string kind;              ///< "redis", "sentinel" or "memcached"
    std::optional<Error> refusal;  ///< no session, so nothing else is known
    /// Redis: INFO, and "config:maxmemory" … of CONFIG GET where that is allowed. Sentinel: "master" as host:port.
    /// Memcached: STAT lines.
    std::map<std::string, std::string, std::less<>> facts;
    std::optional<std::int64_t> clock_ahead_ms;  ///< the server's clock against ours

    std::string fact(std::string_view name) const;
    std::int64_t number(std::string_view name) const;  ///< 0 when it is none
};

/// Each server of the address, and those that sentinels lead to. Errors: invalid_argument for a bad address.
Result<std::vector<EngineFacts>> inspect(const EngineUrl& url);

}  // namespace stoa::cache
