#pragma once
// What is right and wrong about MariaDB servers, from the facts that they gave: pure functions over a table of checks.

#include "app/doctor/finding.hpp"
#include "db/inspection.hpp"

namespace stoa::app::doctor {

/// What the configuration expects of the servers.
struct DatabaseUse {
    bool galera = false;
    bool asks_for_tls = false;
    int sessions_per_process = 0;  ///< with each server, at most
    int replica_lag_max_ms = 5'000;
    int newest_step = 0;  ///< the last migration that this program knows
};

Findings judge_database(const std::vector<db::ServerFacts>& servers, const DatabaseUse& use);

}  // namespace stoa::app::doctor
