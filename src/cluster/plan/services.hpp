#pragma once
// From the spec to what each host runs. Pure functions, any thread.

#include <map>
#include <string>
#include <vector>

#include "cluster/plan/spec.hpp"
#include "cluster/state/live.hpp"
#include "cluster/state/service.hpp"

namespace stoa::cluster {

struct Plan {
    std::map<std::string, std::vector<Service>> hosts;  ///< by name
    std::string web_hash;                               ///< configuration hash of the web service; "" without web hosts
};

/// `spec` is one that parse_spec() gave.
Plan plan_services(const ClusterSpec& spec);

/// What the web hosts must be: the version of the application (the portal's is `portal_version`) and their hash.
Release::Allowed wanted_release(const ClusterSpec& spec, const Plan& plan, const std::string& portal_version);

/// Names of the secrets that a host's services ask for: files that must be in its secrets folder.
std::vector<std::string> secrets_of(const std::vector<Service>& services);

/// "http://10.0.0.1:2379", …
std::vector<std::string> etcd_endpoints(const ClusterSpec& spec);

/// The spec as TOML that parse_spec() reads back; files of applications are in it.
std::string to_toml(const ClusterSpec& spec);

}  // namespace stoa::cluster
