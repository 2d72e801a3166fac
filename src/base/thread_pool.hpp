#pragma once
// A bounded pool of named worker threads for blocking work. post() from any thread.
// A full queue refuses instead of growing: the caller answers 503.
// Metrics, labelled pool=<name>: stoa_pool_queue_length, stoa_pool_refused_total, stoa_pool_failed_total.

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_annotations.hpp"

namespace stoa {

class Counter;
class Gauge;

class ThreadPool {
  public:
    /// The threads start at once. The name is cut to 15 characters for the kernel.
    ThreadPool(std::string name, int threads, std::size_t queue_max);
    ~ThreadPool();  ///< stop()s
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    /// False when the queue is full or the pool is stopping; then the task never runs.
    /// A task that throws is logged and counted; its thread lives on.
    [[nodiscard]] bool post(std::function<void()> task) STOA_EXCLUDES(mutex_);

    /// Takes no more tasks, runs the waiting ones, joins the threads. Not from a task of this pool. Repeats are fine.
    void stop() STOA_EXCLUDES(mutex_, stop_mutex_);

    std::size_t queue_length() const STOA_EXCLUDES(mutex_);

  private:
    void run() STOA_EXCLUDES(mutex_);

    const std::string name_;
    const std::size_t queue_max_;
    Gauge& length_;
    Counter& refused_;
    Counter& failed_;

    mutable Mutex mutex_;
    CondVar wake_;
    std::deque<std::function<void()>> queue_ STOA_GUARDED_BY(mutex_);
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;

    Mutex stop_mutex_;
    std::vector<std::thread> threads_ STOA_GUARDED_BY(stop_mutex_);
};

}  // namespace stoa
