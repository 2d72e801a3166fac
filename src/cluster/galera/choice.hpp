#pragma once
// Who may begin the group when nobody is in it. Pure functions of what stands in etcd: every agent comes to the same
// answer.
//
// A change that a client was told of is on the disk of the node that took it, and nobody knows which that was. So all
// nodes must be heard; then the one that has most has everything. Positions of servers that do not run are exact and
// stay; one that runs outside of a group has committed at least what it says, so it may win, never lose, by that.

#include <string>
#include <vector>

#include "cluster/galera/records.hpp"

namespace stoa::cluster::galera {

struct Choice {
    std::string winner;    ///< empty: nobody may
    std::string missing;   ///< whom or what it waits for, for people
    bool refused = false;  ///< waiting will not help: an operator must look
    /// Servers that run without a group, although their exact position must be known: these are to be ended. More than
    /// one of them could come together again by themselves, so at most one may run when another begins.
    std::vector<std::string> in_the_way;
};

/// `configured`: all nodes, by preference; it decides among equals. Only when view has no node that is primary.
Choice choose(const View& view, const std::vector<std::string>& configured);

/// What an operator would risk by forcing, in whole sentences; and who would begin the group.
struct ForcePlan {
    std::string winner;
    std::vector<std::string> risks;
};
ForcePlan plan_force(const View& view, const std::vector<std::string>& configured, const std::string& wanted = {});

/// Of who is in the group; nullptr when nobody is.
const Node* any_primary(const View& view);

}  // namespace stoa::cluster::galera
