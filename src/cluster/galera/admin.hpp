#pragma once
// What operators ask and order: `stoa cluster db …` of a Galera cluster. Reads etcd; a command is carried out by the
// node that it names. One thread; every call is bounded.

#include <string>
#include <vector>

#include "cluster/etcd/client.hpp"
#include "cluster/galera/records.hpp"

namespace stoa::cluster::galera {

class Admin {
  public:
    /// The client must outlive it.
    Admin(etcd::Client& etcd, const std::string& cluster) : etcd_(etcd), keys_(Keys(cluster)) {}

    /// Errors: of etcd; internal: what stands there cannot be read.
    Result<View> status();
    /// The same in sentences, with what is waited for and what forcing would risk.
    Result<std::vector<std::string>> explain(const std::vector<std::string>& nodes);
    /// When nobody is in a group and the choice is stuck. Gives what became of it. Errors: conflict while somebody is;
    /// invalid_argument when the risks were not accepted, they are named; timeout.
    Result<std::string> force(const std::vector<std::string>& nodes, const std::string& to, bool accepts_loss,
                              int timeout_ms = 60'000);

  private:
    Result<std::string> send(const std::string& node, int timeout_ms);

    etcd::Client& etcd_;
    const GaleraKeys keys_;
};

std::string to_json(const View& view);
/// "2026-05-04 03:02:01 UTC: db1 begins the group"
std::string sentence(const Event& event);

}  // namespace stoa::cluster::galera
