#pragma once
// Peers: asks the servers of the acknowledgers, without etcd and their agents, whether they still follow this leader.
// A yes is also a promise: who said it stops receiving only Timing::promise_ms later (LocalServer::stop_receiving).
// One thread.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cluster/database/local_server.hpp"

namespace stoa::cluster::database {

class Peers {
  public:
    explicit Peers(Accounts accounts) : accounts_(std::move(accounts)) {}

    /// All of the addresses say that they receive from `leader` ("host:port").
    bool all_follow(const std::vector<std::string>& addresses, const std::string& leader, int timeout_ms);
    struct Standing {
        Position received, applied;  ///< complete transactions
    };
    /// How far one is. Errors: not_found (it follows nobody), unavailable and timeout (it does not answer).
    Result<Standing> standing(const std::string& address, int timeout_ms);
    /// Whether it answers within that time, and says so.
    bool takes_writes(const std::string& address, int timeout_ms);
    /// Takes all promises back.
    void release() { sessions_.clear(); }

  private:
    Result<db::mariadb::AdminConnection*> session(const std::string& address);

    const Accounts accounts_;
    std::map<std::string, std::unique_ptr<db::mariadb::AdminConnection>> sessions_;
};

}  // namespace stoa::cluster::database
