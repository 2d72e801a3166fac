#pragma once
// Test support: Redis servers, sentinels and Memcached servers of the test's own. Linked by tests only
// (TEST_DEPS stoa_cache_testing). One thread at a time; see base/testing/engine_process.hpp.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/engine_url.hpp"
#include "base/testing/engine_process.hpp"

namespace stoa::fixture {

struct RedisOptions {
    std::string password;
    std::uint16_t replica_of = 0;        ///< port of its master; 0 = a master
    std::vector<std::string> more = {};  ///< further arguments, e.g. {"--maxmemory", "10mb"}
};

class RedisServer {
  public:
    /// Throws when it does not start: a broken machine, not a failing test.
    explicit RedisServer(RedisOptions options = {});

    std::uint16_t port() const { return port_; }
    EngineProcess& process() { return *process_; }
    /// "redis://:password@127.0.0.1:port" with what is given appended.
    EngineUrl url(const std::string& more = "") const;
    /// What redis-cli prints for it, without the last line end; "" when it cannot be asked.
    std::string ask(const std::vector<std::string>& command) const;
    /// kill -9, start again, wait until it answers. It has forgotten everything unless it was told to save.
    void restart();
    void wait_until_ready();

  private:
    const RedisOptions options_;
    TempDir dir_;
    std::uint16_t port_;
    std::unique_ptr<EngineProcess> process_;
};

/// A master, its replicas and three sentinels that agree on it.
class RedisGroup {
  public:
    explicit RedisGroup(int replicas = 1, const std::string& password = "");

    /// "redis+sentinel://…/portal"
    EngineUrl url(const std::string& more = "") const;
    /// What the sentinels believe: index into servers; -1 = they do not agree.
    int master() const;
    RedisServer& server(int index) { return *servers_[static_cast<std::size_t>(index)]; }
    EngineProcess& sentinel(int index) { return *sentinels_[static_cast<std::size_t>(index)]; }

  private:
    void start_sentinel(std::uint16_t master_port);

    const std::string password_;
    std::vector<std::unique_ptr<RedisServer>> servers_;
    TempDir dir_;
    std::vector<std::uint16_t> ports_;
    std::vector<std::unique_ptr<EngineProcess>> sentinels_;
};

class MemcachedServer {
  public:
    explicit MemcachedServer(std::vector<std::string> more = {});
    std::uint16_t port() const { return port_; }
    EngineProcess& process() { return *process_; }
    void restart();

  private:
    TempDir dir_;
    std::uint16_t port_;
    std::unique_ptr<EngineProcess> process_;
};

/// parse_engine_url() of something known to be right.
EngineUrl url_of(const std::string& text);

}  // namespace stoa::fixture
