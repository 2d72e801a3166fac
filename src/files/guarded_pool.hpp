#pragma once
// GuardedPool: a bulkhead for a store that may hang. A few own threads run blocking operations; a watchdog answers the
// caller of one that makes no progress (Errc::unavailable), although its thread stays in the kernel; a breaker refuses
// everything at once while the store is sick, and probes in threads it can afford to lose until it is well again.
// Any thread may submit. `done` runs once: on a worker, on the watchdog, or at once on the caller's when refused.
//
// The breaker opens when two operations in a row hang or report the store down, or one does and a probe does, too. It
// closes when a probe succeeds; threads that still hang are replaced, up to limits::file_threads_max.
//
// Metrics, labelled store=<name>: stoa_files_stuck_workers, stoa_files_breaker_open, stoa_files_queue_length,
// stoa_files_stalled_total, stoa_files_refused_total, stoa_files_breaker_opened_total.

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "files/beat.hpp"
#include "files/store.hpp"

namespace stoa::files {

/// One operation on its way: run or refused, answered once.
class Operation {
  public:
    virtual ~Operation() = default;
    virtual void run() = 0;
    virtual void refuse(Error error) = 0;

    Beat beat;
    std::int64_t queued_us = 0;

  protected:
    bool claim() { return !answered_.exchange(true); }

  private:
    std::atomic<bool> answered_{false};
};

template <class T>
class OperationOf final : public Operation {
  public:
    OperationOf(std::function<Result<T>(Beat&)> work, Done<T> done) : work_(std::move(work)), done_(std::move(done)) {}
    void run() override {
        Result<T> result = work_(beat);
        if (claim()) std::exchange(done_, nullptr)(std::move(result));
    }
    void refuse(Error error) override {
        if (claim()) std::exchange(done_, nullptr)(std::move(error));
    }

  private:
    std::function<Result<T>(Beat&)> work_;
    Done<T> done_;  ///< touched only by whoever claims
};

class GuardedPool {
  public:
    struct Options {
        std::string name;  ///< label of the metrics, and of the threads
        int workers = limits::file_workers;
        int threads_max = limits::file_threads_max;
        std::size_t queue_max = limits::file_queue_max;
        int queue_wait_ms = limits::file_queue_wait_ms;
        int stall_ms = limits::file_stall_ms;
        int close_ms = 10'000;
        std::function<Status(Beat&)> probe;  ///< keeps alive what it needs: it may outlast the pool
    };

    explicit GuardedPool(Options options);
    ~GuardedPool();  ///< close()s
    GuardedPool(const GuardedPool&) = delete;
    GuardedPool& operator=(const GuardedPool&) = delete;

    /// Probes once, at most stall_ms. An error that is not the store being down (a wrong key, no such folder) is given
    /// back; a store that is down opens the breaker, and the pool is ready for the day it comes back.
    Status start();

    template <class T>
    void submit(std::function<Result<T>(Beat&)> work, Done<T> done) {
        enqueue(std::make_shared<OperationOf<T>>(std::move(work), std::move(done)));
    }

    /// Refuses new operations and waits for the others: for each its deadline, for all close_ms. Idempotent.
    void close();

    int stuck_workers() const;
    bool breaker_open() const;

  private:
    struct State;  ///< shared with the threads: one that hangs outlasts the pool
    void enqueue(std::shared_ptr<Operation> operation);

    std::shared_ptr<State> state_;
};

}  // namespace stoa::files
