#pragma once
// Faults that somebody must keep up: a process for each, `stoa lab disturb`, until the host is healed or the lab ends.
// Root only. The processes live in the switch's namespace, so that killing the host does not end them.

#include <string>
#include <vector>

#include "cluster/lab/lab.hpp"

namespace stoa::cluster::lab {

/// One of disk_slow, net_slow and busy. Errors: invalid for others.
Status start_disturber(const LabInfo& info, const LabNode& node, Fault fault);
/// All of the host; returns when they have ended.
void stop_disturbers(const LabInfo& info, const LabNode& node);
std::vector<Fault> running_disturbers(const LabInfo& info, const LabNode& node);

/// What such a process does, until SIGTERM: the calling program's signal handlers are changed.
Status disturb(const std::string& dir, const std::string& host, Fault fault);

}  // namespace stoa::cluster::lab
