#pragma once
// What an operator asks of a database cluster, over etcd: `stoa cluster db status|switchover|failover|reseed|explain`.
// Blocking, any thread.

#include <string>
#include <vector>

#include "base/result.hpp"
#include "cluster/database/records.hpp"
#include "cluster/etcd/client.hpp"

namespace stoa::cluster::database {

class Admin {
  public:
    Admin(etcd::Client& etcd, const std::string& cluster) : etcd_(etcd), keys_(Keys(cluster)) {}

    /// Everything that stands in etcd. Errors: etcd's.
    Result<ClusterView> status();
    /// In sentences: who leads since when, whose receipt counts, what is amiss; when nobody leads, for whom the
    /// election waits and what forcing it would risk.
    Result<std::vector<std::string>> explain(const std::vector<std::string>& members);

    /// Another leader without a failure; `to` empty: whoever is fit. Gives what became of it. Errors: conflict
    /// (refused, failed, or another command is under way), timeout.
    Result<std::string> switchover(const std::string& to, int timeout_ms = 15'000);
    /// When nobody leads and the election is stuck. Errors: conflict while somebody leads; invalid_argument when the
    /// risks, see explain(), were not accepted.
    Result<std::string> force(const std::vector<std::string>& members, const std::string& to, bool accepts_loss,
                              int timeout_ms = 30'000);
    /// The member's data is fetched anew from another. Errors: conflict (it leads), not_found, timeout.
    Result<std::string> reseed(const std::string& member, const std::string& from, int timeout_ms = 3'600'000);

  private:
    Result<std::string> send(Command command, int timeout_ms);

    etcd::Client& etcd_;
    const DatabaseKeys keys_;
};

std::string to_json(const ClusterView& view);

}  // namespace stoa::cluster::database
