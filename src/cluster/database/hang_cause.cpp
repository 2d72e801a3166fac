#include "cluster/database/hang_cause.hpp"

#include <sys/statvfs.h>

#include <cstdint>
#include <fstream>

namespace stoa::cluster::database {
namespace {

/// With less than this left, a server that appends to its logs waits for somebody to make room.
constexpr std::uint64_t kFullBytes = 1024 * 1024;

/// The third field of /proc/PID/stat: T for a process that got SIGSTOP, t for one under a debugger (proc(5)).
bool is_stopped(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    const auto end = line.rfind(") ");  // the name before it may hold anything
    return end != std::string::npos && end + 2 < line.size() && (line[end + 2] == 'T' || line[end + 2] == 't');
}

bool is_full(const std::string& dir) {
    struct statvfs disk {};
    if (dir.empty() || ::statvfs(dir.c_str(), &disk) != 0) return false;
    return std::uint64_t{disk.f_bavail} * disk.f_frsize < kFullBytes;
}

}  // namespace

std::string certain_cause_of_hang(pid_t server, const std::string& dir) {
    if (server > 0 && is_stopped(server)) return "it is stopped";
    if (is_full(dir)) return "its disk is full";
    return {};
}

}  // namespace stoa::cluster::database
