#pragma once
// Keeps one service as it is wished: prepared, started, checked, restarted with growing pauses, stopped. Has two
// threads, one that acts and one that looks (HealthProber). All public functions from any thread; none waits.
//
//            ┌────────────── pause, doubled while it keeps dying ◀──────────┐
//            ▼                                                              │
//   preparing ──▶ starting ──▶ well ◀──▶ sick ──kill_after_ms──▶ SIGKILL ──▶ restarting
//
// An agent that starts finds the process of the one before by its pid file and adopts it, when its definition is still
// the same; else it is stopped first.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/fd.hpp"
#include "base/thread_annotations.hpp"
#include "cluster/node/health_prober.hpp"
#include "cluster/node/process.hpp"
#include "cluster/node/service_folder.hpp"
#include "cluster/state/live.hpp"
#include "cluster/state/service.hpp"

namespace stoa::cluster::node {

struct RunnerOptions {
    std::string host;  ///< for the log
    std::string work_dir, secrets_dir;
    std::int64_t log_bytes_max = 0;
    /// State, process or problem changed. From the runner's thread: quick.
    std::function<void()> on_change;
};

class ServiceRunner {
  public:
    ServiceRunner(RunnerOptions options, std::string name);
    ~ServiceRunner();  ///< leave()s
    ServiceRunner(const ServiceRunner&) = delete;
    ServiceRunner& operator=(const ServiceRunner&) = delete;

    /// What to run; another definition restarts it or, when only files differ and it can, makes it read them again;
    /// nullopt stops it. The first call starts the threads.
    void wish(std::optional<Service> service) STOA_EXCLUDES(mutex_);
    void restart(std::string_view reason) STOA_EXCLUDES(mutex_);
    void kill(std::string_view reason) STOA_EXCLUDES(mutex_);
    Status signal(int signal) STOA_EXCLUDES(mutex_);
    /// Ends the threads; a running process stays.
    void leave() STOA_EXCLUDES(mutex_);

    LiveService live() const STOA_EXCLUDES(mutex_);
    /// It was not wished any more and is gone.
    bool finished() const { return finished_.load(); }

  private:
    struct Wish {
        std::shared_ptr<const Service> service;  ///< shared: large, and read again and again
        std::string definition;                  ///< what tells it from others, see definition_of() in the .cpp
        bool leave = false;
        std::int64_t restarts = 0;  ///< asked for
        std::string kill_reason;
    };

    void run() STOA_EXCLUDES(mutex_);
    void find_process();
    void start(const Wish& wish);
    Status prepare(const Service& service);
    Status run_to_end(const std::vector<std::string>& command, const Service& service);
    void watch(const Wish& wish);
    void take_finding(const Service& service, const Finding& finding);
    void take_end();
    void stop(const Wish& wish);
    bool may_reload(const Wish& wish) const;
    void reload(const Wish& wish);
    void kill_now(std::string_view reason);
    void put_off(const Service& service, std::string_view problem);

    Wish wish_now() const STOA_EXCLUDES(mutex_);
    Status note(pid_t pid, std::string_view what) const;
    void begin_watch(const std::shared_ptr<const Service>& service);
    void show(ServiceState state, std::string_view problem) STOA_EXCLUDES(mutex_);
    bool is_outdated() const STOA_REQUIRES(mutex_);
    void log(std::string_view event, std::string_view reason) const;
    void wake() const;
    void wait(std::int64_t ms) const;

    const RunnerOptions options_;
    const std::string name_;
    const Fd wake_;  ///< eventfd: a wish or a finding came
    std::atomic<bool> finished_{false};

    mutable Mutex mutex_;
    Wish wish_ STOA_GUARDED_BY(mutex_);
    std::optional<Finding> finding_ STOA_GUARDED_BY(mutex_);
    LiveService live_ STOA_GUARDED_BY(mutex_);
    std::string live_definition_ STOA_GUARDED_BY(mutex_);  ///< which live_ speaks of
    pid_t target_ STOA_GUARDED_BY(mutex_) = 0;             ///< of signals; 0 before its number may become another's

    // Of the runner's thread alone.
    ServiceFolder folder_;
    std::optional<Process> process_;
    std::string running_;                             ///< definition that the process runs; "prepare" for a preparation
    std::shared_ptr<const Service> running_service_;  ///< null when only its hash is known
    std::int64_t restarts_done_ = 0;                  ///< of Wish::restarts
    std::int64_t turn_ = 0;
    std::int64_t started_us_ = 0, sick_since_us_ = 0, next_start_us_ = 0, next_tick_us_ = 0;
    bool refuses_ = false;  ///< of the sick one: nobody listens, it may be ending
    int delay_ms_ = 0, fails_ = 0;
    bool was_well_ = false;  ///< or adopted: failing checks count

    std::optional<HealthProber> prober_;
    std::thread thread_;
};

}  // namespace stoa::cluster::node
