#pragma once
// The checks of `stoa doctor`: this machine and every engine that the configuration names. Blocks for at most a few
// seconds per engine, whatever state it is in. Writes and removes one row and one small file where that is a check.

#include "app/doctor/finding.hpp"
#include "base/config.hpp"

namespace stoa::app::doctor {

/// `newest_step`: the last migration that this program knows.
Findings examine(const Config& config, int newest_step);

}  // namespace stoa::app::doctor
