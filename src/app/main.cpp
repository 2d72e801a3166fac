// stoa: the one program.

#include <malloc.h>

#include <csignal>

#include "app/cli.hpp"

int main(int argc, char** argv) {
    // Few arenas: a portal has more threads than cores, and each arena would keep memory to itself.
    mallopt(M_ARENA_MAX, 2);
    std::signal(SIGPIPE, SIG_IGN);
    return stoa::app::run_command_line(argc, argv);
}
