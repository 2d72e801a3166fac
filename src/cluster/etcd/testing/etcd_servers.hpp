#pragma once
// Test support: etcd servers of a test's own, one or a cluster, on loopback. One thread.
//
//   fixture::EtcdServers etcd(3);
//   ASSERT_TRUE(etcd.start().ok());
//   cluster::etcd::Client client({etcd.endpoints()});

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/testing/engine_process.hpp"

namespace stoa::fixture {

class EtcdServers {
  public:
    explicit EtcdServers(std::size_t count = 1, int heartbeat_ms = 50, int election_ms = 500);

    /// Starts those that do not run, and waits until they agree on something.
    Status start();
    Status start(std::size_t server);  ///< one, without waiting
    /// Until a call through each running server is answered.
    Status wait_ready(int timeout_ms = 30'000);

    std::size_t count() const { return servers_.size(); }
    EngineProcess& server(std::size_t i) { return *servers_[i].process; }
    bool running(std::size_t i) { return servers_[i].process && servers_[i].process->running(); }
    std::string endpoint(std::size_t i) const { return "http://127.0.0.1:" + std::to_string(servers_[i].client_port); }
    std::vector<std::string> endpoints() const;
    /// Of the server that leads; count() when none does.
    std::size_t leader();

  private:
    struct Server {
        std::uint16_t client_port = 0, peer_port = 0;
        std::unique_ptr<EngineProcess> process;
    };

    TempDir dir_;  // first: the processes write into it until they are gone
    const int heartbeat_ms_, election_ms_;
    std::vector<Server> servers_;
};

}  // namespace stoa::fixture
