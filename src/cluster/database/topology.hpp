#pragma once
// EtcdTopology: tells the database driver of a web process who leads, within milliseconds of its election. While etcd
// is silent the last answer stays. Any thread.

#include <functional>
#include <string>
#include <vector>

#include "base/thread_annotations.hpp"
#include "cluster/database/records.hpp"
#include "cluster/etcd/mirror.hpp"
#include "db/topology.hpp"

namespace stoa::cluster::database {

class EtcdTopology final : public db::Topology {
  public:
    /// `configured` ("10.0.0.11:3306") are the servers until members are known.
    EtcdTopology(const std::string& cluster, etcd::ClientOptions etcd, std::vector<std::string> configured);
    ~EtcdTopology() override;

    db::TopologyView view() override;
    void on_change(std::function<void()> changed) override STOA_EXCLUDES(mutex_);

  private:
    void changed() STOA_EXCLUDES(mutex_);

    const DatabaseKeys keys_;
    const std::vector<std::string> configured_;
    Mutex mutex_;  ///< held while the listener runs
    std::function<void()> listener_ STOA_GUARDED_BY(mutex_);
    std::string told_ STOA_GUARDED_BY(mutex_);
    etcd::Mirror mirror_;
};

}  // namespace stoa::cluster::database
