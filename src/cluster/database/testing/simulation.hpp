#pragma once
// Test support: a whole database cluster in memory, one thread, driven by a seed. Members decide with decide();
// servers, replication with its receipts, etcd with its leases, the network and the faults are modelled: processes that
// die, hosts and agents that pause, lost and late messages, partitions, relay logs that vanish with their process,
// crash recovery that truncates. Checked all the time: no client is told of a commit that a later leader lacks, and
// nobody is told of one by a leader that was replaced.

#include <cstdint>
#include <string>

namespace stoa::cluster::database::testing {

struct SimulationOptions {
    std::uint64_t seed = 1;
    int members = 3;
    std::int64_t chaos_ms = 40'000;
    bool block_without_receipts = true;  ///< Settings
    bool trace = false;                  ///< prints every action
};

struct SimulationResult {
    std::string violation;  ///< empty: all went well
    std::int64_t acknowledged = 0;
    int leaders = 0;           ///< epochs that were opened
    int switchovers = 0;       ///< planned, of those
    std::int64_t down_ms = 0;  ///< without an open leader, during the chaos
};

SimulationResult simulate(const SimulationOptions& options);

}  // namespace stoa::cluster::database::testing
