#pragma once
// What `stoa cluster db status` prints for a Galera cluster. One thread.

#include <string>
#include <vector>

#include "app/commands/cluster_common.hpp"

namespace stoa::app {

/// The exit code: 0 when all nodes are in the group and answer, else 1. Errors: those of etcd.
Result<int> galera_status(Reached& reached, const std::vector<std::string>& names, bool json);

}  // namespace stoa::app
