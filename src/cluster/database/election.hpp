#pragma once
// Who may take writes when nobody does. Pure functions of what stands in etcd: every member comes to the same answer.
//
// A commit counted when one of the listed acknowledgers had it, nobody knows which. So all of them must be heard, each
// in the life in which it acknowledged, and promise to receive nothing more from the old leader; then the one that
// received most has everything. Who is not on the list may win when it has at least as much. Without that the answer is
// to wait, and to say for whom.
//
// After a planned handover nobody need be heard: the leader has said, when it gave its key up, that it writes no more,
// and who has everything.

#include <string>
#include <vector>

#include "cluster/database/records.hpp"

namespace stoa::cluster::database {

struct Verdict {
    std::string winner;   ///< empty: nobody may
    std::string missing;  ///< whom or what it waits for, for people
    /// More waiting for the members that are there will not help.
    bool stuck = false;
};

/// `configured`: all members by preference; decides among equals, and who must be heard when there is no list yet.
Verdict elect(const ClusterView& view, const std::vector<std::string>& configured);

/// What an operator would risk by forcing, in whole sentences; and whom it would make the leader.
struct ForcePlan {
    std::string winner;
    std::vector<std::string> risks;
};
ForcePlan plan_force(const ClusterView& view, const std::vector<std::string>& configured,
                     const std::string& wanted = {});

}  // namespace stoa::cluster::database
