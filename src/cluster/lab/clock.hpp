#pragma once
// Wall clocks of hosts that can be set wrong, without touching the machine's: libfaketime under the agent and what of
// Stoa and MariaDB it starts. Steady clocks go on as they are, as on a real host. etcd does not take part: it asks the
// kernel itself.

#include <string>
#include <vector>

#include "cluster/lab/lab.hpp"

namespace stoa::cluster::lab {

/// Web and db hosts of a lab with clocks. Under libfaketime Redis does not start, and GlusterFS spins.
bool has_own_clock(const LabInfo& info, const LabNode& node);
/// Empty when the library is not installed.
std::string clock_library();
/// The same command, with a clock that set_clock() moves.
std::vector<std::string> with_own_clock(const LabInfo& info, const LabNode& node, const std::vector<std::string>& argv);
/// Takes effect within a second. Errors: invalid when the lab was made without clocks.
Status set_clock(const LabInfo& info, const LabNode& node, int ahead_s);
bool clock_is_wrong(const LabInfo& info, const LabNode& node);

}  // namespace stoa::cluster::lab
