// Thousands of seconds of a cluster's life in a few of ours. STOA_SIMULATION_SEEDS=5000 tries more of them,
// STOA_SIMULATION_SEED=17 one alone and prints what happened.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdio>
#include <string>

#include "cluster/database/testing/simulation.hpp"

namespace stoa::cluster::database::testing {
namespace {

int number(const char* name, int otherwise) {
    const char* text = ::getenv(name);
    return text != nullptr ? std::stoi(text) : otherwise;
}

SimulationOptions cluster_of(int seed) {
    SimulationOptions options;
    options.seed = static_cast<std::uint64_t>(seed);
    options.members = seed % 10 == 0 ? 2 : seed % 5 == 0 ? 5 : 3;
    options.block_without_receipts = seed % 6 != 0;
    return options;
}

TEST(Simulation, no_acknowledged_change_is_lost_and_nobody_writes_beside_another) {
    if (const int seed = number("STOA_SIMULATION_SEED", 0); seed != 0) {
        auto options = cluster_of(seed);
        options.trace = true;
        const auto result = simulate(options);
        EXPECT_EQ(result.violation, "");
        return;
    }
    const int seeds = number("STOA_SIMULATION_SEEDS", 60);
    std::int64_t acknowledged = 0;
    std::int64_t leaders = 0;
    std::int64_t down_ms = 0;
    int switchovers = 0;
    for (int seed = 1; seed <= seeds; ++seed) {
        const auto result = simulate(cluster_of(seed));
        acknowledged += result.acknowledged;
        leaders += result.leaders;
        switchovers += result.switchovers;
        down_ms += result.down_ms;
        ASSERT_EQ(result.violation, "") << "again: STOA_SIMULATION_SEED=" << seed;
    }
    EXPECT_GT(switchovers, seeds / 3) << "hardly any switchover came to its end";
    std::printf(
        "%d clusters, %lld leaders, %d of them by switchover, %lld changes acknowledged, no leader for %lld%% "
        "of the chaos\n",
        seeds, static_cast<long long>(leaders), switchovers, static_cast<long long>(acknowledged),
        static_cast<long long>(down_ms / (400 * seeds)));
}

}  // namespace
}  // namespace stoa::cluster::database::testing
