#pragma once
// From the cluster's keys in etcd to what the balancer should do. A function of its arguments; any thread.

#include <functional>
#include <map>
#include <string>

#include "cluster/balancer/config.hpp"
#include "cluster/balancer/view.hpp"
#include "cluster/state/keys.hpp"

namespace stoa::cluster {

/// `values`: all keys of the cluster. `previous`: what was wanted last; a host whose registration is gone stays in it
/// as it was, for its agent may have died while its web server goes on, and HAProxy's checks know better. It leaves
/// when the cluster does not want it any more.
BalancerView view_of_cluster(const std::map<std::string, std::string, std::less<>>& values, const Keys& keys,
                             const BalancerSpec& spec, const BalancerView& previous);

}  // namespace stoa::cluster
