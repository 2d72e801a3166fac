#pragma once
// The command line: options into structs, then one function of commands.hpp. Returns the exit code.

namespace stoa::app {

int run_command_line(int argc, char** argv);

}  // namespace stoa::app
