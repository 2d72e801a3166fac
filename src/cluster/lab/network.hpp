#pragma once
// Namespaces, the switch between them, and who lives in them. Root only. Any thread.

#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace stoa::cluster::lab {

struct NetworkHost {
    std::string name, name_space;
    std::string back, front;  ///< addresses; empty = not in that network
};

struct Network {
    int number = 0;
    std::string id, switch_space;
    std::vector<NetworkHost> hosts;
};

/// The first number from 98 on whose addresses no route of this machine covers; or the asked one. Errors: conflict.
Result<int> choose_network(int asked);

/// Makes the switch, the way in from this machine, and all hosts.
Status make_network(const Network& network);
/// One more host at the same switch.
Status add_host(const Network& network, const NetworkHost& host);
/// Fine when it is gone.
void remove_space(const std::string& name_space);
/// Ends all that runs in it; false when something is left after the deadline.
bool kill_all(const std::string& name_space, int timeout_ms = 10'000);
/// All namespaces whose name begins so.
std::vector<std::string> spaces(const std::string& prefix);

/// Its cable is pulled at the switch: the host sees its link, and nothing else, not even ARP.
Status cut_off(const std::string& switch_space, const NetworkHost& host);
Status connect_again(const std::string& switch_space, const NetworkHost& host);
std::set<std::string> cut_off_hosts(const std::string& switch_space);

}  // namespace stoa::cluster::lab
