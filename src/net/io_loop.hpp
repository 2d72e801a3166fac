#pragma once
// The event loop of one I/O thread: readiness of file descriptors, timers, and tasks from other threads.
// Everything except post(), stop() and in_loop() belongs to the thread that calls run(). Boost.Asio is behind it.

#include <functional>
#include <memory>
#include <vector>

#include "base/thread_annotations.hpp"

namespace stoa::net {

class IoLoop {
  public:
    using Task = std::function<void()>;
    enum class Ready { to_read, to_write };

    /// Told once per Watch::wait(). A hung-up or broken descriptor counts as ready: the next read or write tells.
    class Target {
      public:
        virtual ~Target() = default;
        virtual void on_ready(Ready direction) = 0;
    };

    /// Owns a non-blocking descriptor and closes it. One wait per direction at a time.
    class Watch {
      public:
        Watch(IoLoop& loop, int fd);
        ~Watch();
        Watch(Watch&&) noexcept;  ///< no wait may be under way
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;
        /// Keeps the target alive until it is told or the watch is destroyed.
        void wait(Ready direction, std::shared_ptr<Target> target);

      private:
        struct Impl;
        std::unique_ptr<Impl> impl_;
    };

    IoLoop();
    ~IoLoop();
    IoLoop(const IoLoop&) = delete;
    IoLoop& operator=(const IoLoop&) = delete;

    /// Returns after stop(), when `closing` has run and nothing waits any more.
    void run(const Task& closing);
    /// Any thread.
    void stop();
    /// Any thread. False when the loop has ended: the task is dropped.
    bool post(Task task);
    /// Whether the caller is this loop's thread.
    bool in_loop() const;

    void after(int delay_ms, Task task);
    void every(int interval_ms, Task task);

  private:
    void run_posted();
    void close_queue();

    struct Impl;
    std::unique_ptr<Impl> impl_;
    Mutex mutex_;
    std::vector<Task> posted_ STOA_GUARDED_BY(mutex_);
    bool ended_ STOA_GUARDED_BY(mutex_) = false;
    std::vector<Task> running_;  // loop thread: the batch of run_posted(), kept for its capacity
};

}  // namespace stoa::net
