#pragma once
// What leads the cluster, inside the agents of the hosts that coordinate (role etcd): keeps the wanted number of web
// hosts. Idle in all agents but one.
//
// Metrics: stoa_control_leading (1 or 0), stoa_control_hosts_added_total, stoa_control_hosts_removed_total,
// stoa_control_provider_failures_total.

#include <memory>

#include "cluster/control/web_keeper.hpp"
#include "cluster/node/component.hpp"

namespace stoa::cluster::control {

struct ControlOptions {
    std::string portal_version;  ///< of hosts that are added
    WebKeeperOptions web;
};

std::unique_ptr<node::Component> make_control(ControlOptions options);

}  // namespace stoa::cluster::control
