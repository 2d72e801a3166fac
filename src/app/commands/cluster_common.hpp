#pragma once
// How commands find the cluster they mean.

#include <memory>
#include <string>
#include <vector>

#include "app/commands/cluster.hpp"
#include "cluster/etcd/client.hpp"
#include "cluster/plan/spec.hpp"

namespace stoa::app {

/// The description: --spec, or that of the lab, or ./cluster.toml. With --cluster-dir, this process sees the lab's
/// network from then on: call it before anything else has threads.
Result<cluster::ClusterSpec> spec_of(const ClusterOptions& options);

/// As it is in etcd, which is what hosts carry out; needs no description at hand when --etcd and --cluster are given.
struct Reached {
    std::unique_ptr<cluster::etcd::Client> etcd;
    std::string name;  ///< of the cluster
};
Result<Reached> reach(const ClusterOptions& options);
/// The spec that was applied last.
Result<cluster::ClusterSpec> applied_spec(Reached& reached);

}  // namespace stoa::app
