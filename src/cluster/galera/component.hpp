#pragma once
// The member that runs inside the agent of a Galera cluster's database host. Its service "mariadb"
// (plan/engines/galera.cpp) waits in its start script, which has written the file `position`, until the member says in
// the file `role` how to start. The file `group` beside it names the nodes; without it this component does nothing.

#include <memory>

#include "cluster/node/component.hpp"

namespace stoa::cluster::galera {

/// Name "galera".
std::unique_ptr<node::Component> make_member();

}  // namespace stoa::cluster::galera
