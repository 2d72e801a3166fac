#pragma once
// What the threads of a GuardedPool share. Private to guarded_pool.cpp (workers, queue) and guarded_watch.cpp
// (watchdog, breaker, probes). Worker and probe threads are detached and keep this alive: one that hangs in the kernel
// cannot be joined.

#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/function_ref.hpp"
#include "base/thread_annotations.hpp"
#include "files/guarded_pool.hpp"

namespace stoa {
class Counter;
class Gauge;
}  // namespace stoa

namespace stoa::files {

struct GuardedPool::State : std::enable_shared_from_this<GuardedPool::State> {
    struct Worker {
        std::shared_ptr<Operation> running;  ///< null: it waits for one
        bool stuck = false;                  ///< its caller was answered by the watchdog
    };
    struct Probe {
        std::int64_t since_us = 0;
        bool hangs = false;
    };
    using Operations = std::vector<std::shared_ptr<Operation>>;

    explicit State(Options o);

    // guarded_pool.cpp
    void spawn_worker() STOA_REQUIRES(mutex);
    void run_worker(std::list<Worker>::iterator self) STOA_EXCLUDES(mutex);
    bool take(std::list<Worker>::iterator self) STOA_REQUIRES(mutex);
    void finished(std::list<Worker>::iterator self) STOA_REQUIRES(mutex);
    bool all_idle() const STOA_REQUIRES(mutex);
    int free_or_busy() const STOA_REQUIRES(mutex) { return static_cast<int>(workers.size()) - stuck; }

    // guarded_watch.cpp
    void watch() STOA_EXCLUDES(mutex);
    bool needs_watching() const STOA_REQUIRES(mutex);
    void wake_watchdog() STOA_REQUIRES(mutex);
    Operations find_stalled() STOA_REQUIRES(mutex);
    Operations find_late() STOA_REQUIRES(mutex);
    void look_at_probes(std::int64_t now) STOA_REQUIRES(mutex);
    void suspect() STOA_REQUIRES(mutex);
    void open_breaker(const char* reason) STOA_REQUIRES(mutex);
    void start_probe() STOA_REQUIRES(mutex);
    void run_probe(std::list<Probe>::iterator self) STOA_EXCLUDES(mutex);
    void probe_ended(std::list<Probe>::iterator self, const Status& status, bool down) STOA_REQUIRES(mutex);
    void store_is_well() STOA_REQUIRES(mutex);

    const Options options;
    Gauge& stuck_gauge;
    Gauge& open_gauge;
    Gauge& length_gauge;
    Counter& stalled_total;
    Counter& refused_total;
    Counter& opened_total;

    mutable Mutex mutex;
    CondVar work;     ///< for workers
    CondVar watched;  ///< for the watchdog
    CondVar ended;    ///< an operation, a worker or a probe did
    std::deque<std::shared_ptr<Operation>> queue STOA_GUARDED_BY(mutex);
    std::list<Worker> workers STOA_GUARDED_BY(mutex);
    std::list<Probe> probes STOA_GUARDED_BY(mutex);
    int stuck STOA_GUARDED_BY(mutex) = 0;
    int failures_in_a_row STOA_GUARDED_BY(mutex) = 0;
    bool open STOA_GUARDED_BY(mutex) = false;
    bool closing STOA_GUARDED_BY(mutex) = false;
    bool watch_sleeps STOA_GUARDED_BY(mutex) = false;
    bool watch_ends STOA_GUARDED_BY(mutex) = false;
    std::int64_t opened_us STOA_GUARDED_BY(mutex) = 0;
    std::int64_t next_probe_us STOA_GUARDED_BY(mutex) = 0;
    std::optional<Status> first_probe STOA_GUARDED_BY(mutex);

    Mutex close_mutex;
    std::thread watchdog STOA_GUARDED_BY(close_mutex);  ///< never enters the store, so it can be joined
};

/// The one place that catches what an operation or its `done` throws; false when it did.
bool run_guarded(const std::string& store, FunctionRef<void()> f);
void refuse(const std::string& store, Operation& operation, Error error);

/// What a caller hears while the store is sick.
Error store_sick();

}  // namespace stoa::files
