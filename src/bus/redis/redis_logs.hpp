#pragma once
// Logs on a Redis server: one script numbers the entry, keeps it and publishes it. Any thread that may block.

#include "base/thread_annotations.hpp"
#include "bus/redis/redis_streams.hpp"

namespace stoa::bus::redis {

class RedisLogs {
  public:
    /// `node`: as messages of this process begin.
    RedisLogs(const cache::redis::Settings& settings, std::string node, RedisStreams& streams);

    Result<std::vector<std::string>> tell(std::span<const Telling> what, const StreamLimits& limits);

  private:
    const cache::redis::Settings settings_;
    const std::string node_;
    RedisStreams& streams_;
};

}  // namespace stoa::bus::redis
