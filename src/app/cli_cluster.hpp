#pragma once
// The part of the command line that is about clusters and labs. Private to cli.cpp.

#include <functional>

#include "base/result.hpp"

namespace CLI {
class App;
}

namespace stoa::app {

/// Called when the command was chosen: what to run, and whether it prints JSON.
using ChooseRun = std::function<void(std::function<Result<int>()> run, bool* json)>;

/// `cluster` and `lab` are the groups. Whatever the options are stored in lives as long as the groups.
void add_cluster_commands(CLI::App& cluster, CLI::App& lab, const ChooseRun& choose);

}  // namespace stoa::app
