#pragma once
// Runs other programs. Blocking, any thread.

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"

namespace stoa::cluster::lab {

struct Command {
    std::vector<std::string> argv;  ///< argv[0] is looked for in PATH, /usr/sbin and /sbin
    std::string input;
    std::string name_space;  ///< network namespace; empty = ours
    int timeout_ms = 30'000;
};
struct Output {
    std::string out, err;
    int exit_code = 0;  ///< 128 + signal when one killed it
};

/// Errors: not_found (no such program), timeout (it was killed), internal.
Result<Output> run(const Command& command);
/// As run(), but an exit code other than 0 is an error that holds the last line of what it said.
Result<std::string> run_well(const Command& command);

/// Starts it in a session of its own, with its output in a file, and leaves it alone.
Result<pid_t> launch(const Command& command, const std::string& output_file);

/// Empty when there is no such program.
std::string find_program(const std::string& name);

}  // namespace stoa::cluster::lab
