#pragma once
// The tests, one function each; what they mean stands in README.md. Each prints its report.

#include "load.hpp"

namespace stoa::bench {

void fan_out(Load& load);
void one_to_one(Load& load);
void idle_connections(Load& load);
void reconnect_storm(Load& load);
void posts(Load& load);

}  // namespace stoa::bench
