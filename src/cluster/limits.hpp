#pragma once
// Bounds of the cluster folder, as base/limits.hpp has those of the rest; here so that one more does not rebuild all.

#include <cstddef>
#include <cstdint>

namespace stoa::limits {

inline constexpr int cluster_hosts_max = 200;
inline constexpr std::size_t etcd_value_bytes_max = 1024 * 1024;  ///< etcd itself refuses more than 1.5 MiB
inline constexpr int etcd_call_ms = 1'000;                        ///< one call, to one server
inline constexpr int etcd_deadline_ms = 3'000;                    ///< one call with all its tries, through an election
inline constexpr int host_lease_s = 3;
inline constexpr int kill_wait_ms = 2'000;  ///< for a process to be gone after SIGKILL
/// Of a database server's disk, before it is started: its temporary tablespace takes 12 MB at once, its logs some more.
inline constexpr std::uint64_t database_start_free_bytes = 64ULL << 20;
inline constexpr int prepare_ms = 600'000;       ///< one command that prepares a service
inline constexpr int component_stop_ms = 5'000;  ///< of what runs inside an agent
inline constexpr int provider_ms = 60'000;       ///< one call of the command that adds or removes hosts

}  // namespace stoa::limits
