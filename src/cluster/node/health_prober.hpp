#pragma once
// Looks at one service again and again, in a thread of its own: a check that hangs until its deadline holds up nobody.
// All functions from one thread; results come from the prober's.

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "base/thread_annotations.hpp"
#include "cluster/node/process.hpp"
#include "cluster/state/service.hpp"

namespace stoa::cluster::node {

struct Finding {
    std::int64_t turn = 0;  ///< of watch()
    bool well = false;
    bool stopped = false;  ///< the process does not run at all (SIGSTOP)
    std::string version;   ///< X-Stoa-Version of an answer over HTTP
    std::string problem;   ///< for people, when not well
    bool answers = false;  ///< not well, but at a word: it drains, or says what it lacks. No reason to kill it
    bool refuses = false;  ///< nobody listens any more, as while it ends: it has as long as any end may take
};

class HealthProber {
  public:
    explicit HealthProber(std::function<void(Finding)> on_finding);
    ~HealthProber();
    HealthProber(const HealthProber&) = delete;
    HealthProber& operator=(const HealthProber&) = delete;

    /// From now on looks at this process; findings of an earlier turn may still come once.
    void watch(std::int64_t turn, pid_t pid, HealthCheck check, Environment environment, std::string work_dir)
        STOA_EXCLUDES(mutex_);
    void rest() STOA_EXCLUDES(mutex_);

  private:
    struct Task {
        std::int64_t turn = 0;  ///< 0 = rest
        pid_t pid = 0;
        HealthCheck check;
        Environment environment;
        std::string work_dir;
    };
    void run() STOA_EXCLUDES(mutex_);

    const std::function<void(Finding)> on_finding_;
    Mutex mutex_;
    CondVar wake_;
    Task task_ STOA_GUARDED_BY(mutex_);
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace stoa::cluster::node
