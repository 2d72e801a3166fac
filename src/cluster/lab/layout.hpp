#pragma once
// Which hosts a lab has, with which addresses, and the spec that comes of it. Pure functions.
//
// 10.N.0.0/24 is the back network, 10.N.1.0/24 the front one. Last numbers: .1 the switch, .10 floating, .11 and .12
// balancers, .21… web, .101… db, .111… redis, .121… etcd, .131… files, .141… push; front: .100 the client cl, .254 this
// machine.

#include <string>
#include <vector>

#include "cluster/lab/lab.hpp"
#include "cluster/plan/spec.hpp"

namespace stoa::cluster::lab {

inline constexpr int kWebHostsMax = 60;
inline constexpr int kPushHostsMax = 20;

/// "a1b2c3": of the folder's absolute path.
std::string id_of(const std::string& absolute_dir);
std::string space_of(const std::string& id, const std::string& host);

std::string back(int network, int last);
std::string front(int network, int last);

/// Errors: invalid_argument (number of web hosts, of push hosts, app).
Result<ClusterSpec> make_spec(const LabOptions& options, const std::string& id, int network);
/// The address of web host number n, from 1.
HostSpec web_host(int network, int n);

/// The example site, with its files in the spec.
Status use_php(ClusterSpec& spec, const std::string& php_dir);

}  // namespace stoa::cluster::lab
