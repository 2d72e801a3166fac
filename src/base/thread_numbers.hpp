#pragma once
// Numbers of threads and database sessions that follow from the machine where the configuration leaves them open.
// Functions; any thread.

#include <cstddef>

#include "base/config.hpp"

namespace stoa {

/// Those that this process may run on: fewer than the machine has under taskset, or in a container with a set of its
/// own.
int usable_cores();

/// Puts numbers in place of 0: Config::io_threads and Config::workers.
void choose_threads(Config& config);

/// For reading, with each database server: one for every worker and for every read that may wait on an I/O thread.
/// After choose_threads().
std::size_t database_sessions(const Config& config);

}  // namespace stoa
