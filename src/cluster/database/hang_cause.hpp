#pragma once
// Why a server hangs, where that can be known for certain. A hang with a certain cause says nothing about the next
// leader, so it does not make the cluster more patient, as a hang without one does (docs/database-ha.md). Any thread;
// never blocks on the disk in question.

#include <sys/types.h>

#include <string>

namespace stoa::cluster::database {

/// "it is stopped" or "its disk is full"; empty when neither is so. `dir` is the folder of the service.
std::string certain_cause_of_hang(pid_t server, const std::string& dir);

}  // namespace stoa::cluster::database
