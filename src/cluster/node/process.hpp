#pragma once
// A process in a session of its own, that does not die with us: as our child, or found again by a later agent. One
// thread per object; the free functions from any.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace stoa::cluster::node {

using Environment = std::vector<std::pair<std::string, std::string>>;

struct Launch {
    std::vector<std::string> argv;  ///< argv[0] is looked for in PATH, /usr/local/sbin, /usr/sbin and /sbin
    Environment environment;        ///< on top of our own
    std::string work_dir;
    std::string output;  ///< file that its output is appended to
    /// Runs when the process exists but has not begun; an error ends it. Whoever writes the process down here will find
    /// it again whatever happens to us.
    std::function<Status(pid_t pid)> note{};
};

/// Tells a process from a later one with the same number: "PID START BOOT".
std::string identity_of(pid_t pid);  ///< empty when there is none, or a zombie
/// 'R', 'S', 'T' (stopped), …; 0 when there is none.
char state_of(pid_t pid);

class Process {
  public:
    /// Errors: not_found (no such program), internal; one line that says which.
    static Result<Process> launch(const Launch& launch);
    /// The process of that identity, when it still runs.
    static std::optional<Process> find(std::string_view identity);

    pid_t pid() const { return pid_; }
    int fd() const { return pidfd_.get(); }  ///< readable once it has ended
    bool ended() const;

    void signal(int signal) const;
    /// SIGKILL to all of its session's first group, also to what is left of that when it has ended itself.
    void kill_group() const;
    /// Once it has ended; gives how, for people: "ended with code 1", "was killed by signal 9".
    std::string reap();

  private:
    Process(pid_t pid, Fd pidfd, bool child) : pid_(pid), pidfd_(std::move(pidfd)), child_(child) {}

    pid_t pid_;
    Fd pidfd_;
    bool child_;
};

/// Until one of the descriptors is readable; false when the time ran out. -1 among them is ignored.
bool wait_readable(int first, int second, std::int64_t timeout_ms);

}  // namespace stoa::cluster::node
