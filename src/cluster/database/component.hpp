#pragma once
// The member that runs inside the agent of a database host. Its service "mariadb" (plan/engines/mariadb.cpp) waits in
// its start script until the member says in which role it begins; the files `members` (names, by preference),
// `accounts` (passwords) and `policy` (block or alarm: spec.hpp, without_standby) lie beside it.

#include <memory>

#include "cluster/node/component.hpp"

namespace stoa::cluster::database {

/// Name "database".
std::unique_ptr<node::Component> make_member();

}  // namespace stoa::cluster::database
