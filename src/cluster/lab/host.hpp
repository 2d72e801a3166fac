#pragma once
// One host of a lab: its folder, its volume, its agent. Root only. One thread per host at a time.

#include <string>
#include <vector>

#include "cluster/lab/lab.hpp"
#include "cluster/lab/network.hpp"
#include "cluster/plan/services.hpp"

namespace stoa::cluster::lab {

/// Those that can be filled up: db, redis, web, files.
bool has_volume(std::string_view role);

/// Folder and volume. Fine when they are there.
Status make_host_dir(const LabInfo& info, const LabNode& node);
/// node.toml and, so that the host begins without waiting for etcd, what it should run.
Status write_host_files(const LabInfo& info, const LabNode& node, const ClusterSpec& spec,
                        const std::vector<Service>& services);
/// Starts the agent and gives its process.
Result<pid_t> start_agent(const LabInfo& info, const LabNode& node);
bool agent_runs(const LabInfo& info, const LabNode& node);

/// In the order in which they were mounted.
std::vector<std::string> mounts_below(const std::string& dir);
/// Mounts below the host's folder go, deepest first.
void unmount_below(const std::string& dir);

Status fill_volume(const LabInfo& info, const LabNode& node);
bool is_full(const LabInfo& info, const LabNode& node);
void empty_volume(const LabInfo& info, const LabNode& node);

NetworkHost network_host(const LabInfo& info, const LabNode& node);

}  // namespace stoa::cluster::lab
