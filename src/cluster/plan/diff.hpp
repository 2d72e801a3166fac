#pragma once
// The difference between what hosts are told to run and what they should be told. Pure functions, any thread.

#include <map>
#include <string>
#include <vector>

#include "cluster/plan/services.hpp"

namespace stoa::cluster {

enum class Change : std::uint8_t { added, changed, removed };
std::string_view to_string(Change change);

struct ServiceChange {
    std::string host, service;
    Change change = Change::added;
    std::string what;  ///< for people: "files my.cnf", "command, health check"; empty for added and removed
};

using HostMap = std::map<std::string, HostServices>;  ///< by host

/// In the order of hosts and services. Hosts of `now` that `wanted` lacks lose all their services.
std::vector<ServiceChange> difference(const HostMap& now, const Plan& wanted);

}  // namespace stoa::cluster
