#pragma once
// Streams on a Redis server. Any thread that may block.

#include "bus/bus.hpp"
#include "cache/redis/connection.hpp"
#include "cache/redis/master_finder.hpp"
#include "cache/wire/connection_pool.hpp"

namespace stoa::bus::redis {

class RedisStreams {
  public:
    RedisStreams(const cache::redis::Settings& settings, cache::EngineWatch& watch);

    Result<std::string> append(std::string_view stream, std::string_view payload, const StreamLimits& limits);
    Result<StreamRead> read_after(std::string_view stream, std::string_view after_id, std::size_t count);
    Result<std::string> last_id(std::string_view stream);

    using Pool = cache::ConnectionPool<cache::redis::Connection>;
    Result<Pool::Lease> take();
    /// Runs the pipeline that `append` wrote, n replies; an error reply is an Error.
    Result<std::vector<cache::redis::Reply>> run(Pool::Lease& connection, std::size_t replies);
    std::string key(std::string_view stream) const { return settings_.prefix + "st1:" + std::string(stream); }

  private:
    Result<std::unique_ptr<cache::redis::Connection>> open(const cache::Address& address) const;

    const cache::redis::Settings settings_;
    Pool pool_;
};

}  // namespace stoa::bus::redis
