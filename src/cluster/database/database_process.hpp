#pragma once
// The server's process, as a member sees it: whoever supervises services implements it. A server is never started by
// itself: it waits until its member says in which role, because crash recovery as a replica drops what crash recovery
// as a leader keeps. Any thread; no call blocks for long.

#include <sys/types.h>

#include "base/result.hpp"

namespace stoa::cluster::database {

class DatabaseProcess {
  public:
    virtual ~DatabaseProcess() = default;
    /// Of mariadbd; 0 while none runs (or it still waits for its role).
    virtual pid_t pid() = 0;
    /// Lets it start, once, with init_rpl_role=MASTER or SLAVE; does not wait. Fine when it runs already.
    virtual Status start(bool as_leader) = 0;
    /// SIGKILL; does not wait for the end. Never a clean stop: that would commit what nobody acknowledged.
    virtual void kill() = 0;
};

/// "<pid>-<start time>": never the same for two processes of one boot. Empty when there is no such process.
std::string process_identity(pid_t pid);

}  // namespace stoa::cluster::database
