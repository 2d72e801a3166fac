#pragma once
// MasterFinder: finds the Redis server that takes writes, directly or through sentinels. One thread at a time; blocks,
// at most about connect_ms + look_ms() for each host of the address. https://redis.io/docs/reference/sentinel-clients/

#include <memory>
#include <string>
#include <vector>

#include "base/engine_url.hpp"
#include "base/result.hpp"
#include "cache/redis/connection.hpp"

namespace stoa::cache::redis {

/// redis://[user[:password]@]host[:6379][,host…][/database]
/// redis+sentinel://[user[:password]@]host[:26379],…/name-of-the-master[?database=0]
/// Parameters: connect_ms=200, command_ms=100, pool=16, prefix= (before each key and channel, for a shared server).
/// Several plain hosts: the first that is a master. Sentinels are asked without a password, or with the same one.
struct Settings {
    std::vector<EngineUrl::Host> hosts;
    bool sentinel = false;
    std::string master_name;
    Login login;
    int connect_ms = 200;
    int command_ms = 100;
    int pool = 16;
    std::string prefix;

    /// For the thread that looks whether a server works: a busy one must not be taken for a dead one.
    int look_ms() const { return 5 * command_ms; }
};

/// Errors: invalid_argument naming the part of the address.
Result<Settings> read_settings(const EngineUrl& url);

struct Master {
    Address address;
    std::unique_ptr<Connection> connection;
};

class MasterFinder {
  public:
    explicit MasterFinder(Settings settings) : settings_(std::move(settings)) {}

    /// It said itself that it is a master, and that it takes commands. Errors: that of the host which came furthest.
    Result<Master> find();
    const Settings& settings() const { return settings_; }

  private:
    Result<Master> try_master(const Address& address) const;
    Result<Address> ask_sentinel(const Address& sentinel) const;

    const Settings settings_;
    std::size_t first_ = 0;  ///< the host that helped last time
};

}  // namespace stoa::cache::redis
