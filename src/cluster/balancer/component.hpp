#pragma once
// The balancer's part inside an agent: follows the cluster in etcd and has the controller carry it out. Idle on hosts
// without a service `haproxy`. While etcd is away the last view stays; HAProxy's own checks go on.

#include <memory>

#include "cluster/node/component.hpp"

namespace stoa::cluster {

std::unique_ptr<node::Component> make_balancer();

}  // namespace stoa::cluster
