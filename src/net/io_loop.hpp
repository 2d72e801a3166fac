#pragma once
// The event loop of one I/O thread: readiness of file descriptors, timers, and tasks from other threads.
// Everything except post(), stop() and in_loop() belongs to the thread that calls run().
//
// Straight on epoll, edge-triggered: a descriptor is registered once, and whoever has read it empty waits for more
// without a system call. epoll(7), "Level-triggered and edge-triggered".

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/fd.hpp"
#include "base/thread_annotations.hpp"
#include "net/timer_queue.hpp"

namespace stoa::net {

class IoLoop {
  public:
    using Task = std::function<void()>;
    enum class Ready { to_read, to_write };

    /// Told once per wait. A hung-up or broken descriptor counts as ready: the next read or write tells.
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
        Watch(Watch&&) noexcept;
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;
        /// Keeps the target alive until it is told or the watch is destroyed.
        void wait(Ready direction, std::shared_ptr<Target> target);
        /// The same for reading, and cheaper, for whoever knows that the descriptor is empty: nothing was read yet, or
        /// the last read gave less than it asked for, or would have blocked.
        void wait_for_more(std::shared_ptr<Target> target);

      private:
        friend class IoLoop;
        struct State;
        std::unique_ptr<State> state_;
    };

    IoLoop();
    ~IoLoop();
    IoLoop(const IoLoop&) = delete;
    IoLoop& operator=(const IoLoop&) = delete;

    /// Returns after stop(), when `closing` has run. Who still waits then is let go and not told.
    void run(const Task& closing);
    /// Any thread.
    void stop();
    /// Any thread. Runs when what is ready at the moment has been told. False when the loop has ended: the task is
    /// dropped.
    bool post(Task task);
    /// Whether the caller is this loop's thread.
    bool in_loop() const;

    void after(int delay_ms, Task task);
    void every(int interval_ms, Task task);

  private:
    void turn();
    int wait_ms();
    void wake() const;
    void tell(Watch::State& state, std::uint32_t events);
    void tell_again();
    void run_due();
    void run_posted();
    void let_go_of_closed();
    void let_go_of_waiting();
    void close_queue();

    const Fd epoll_;
    const Fd wake_up_;
    std::atomic<bool> stopped_{false};
    TimerQueue timers_;
    std::vector<Watch::State*> watches_;                 ///< all there are
    std::vector<Watch::State*> again_, telling_again_;   ///< had something to read before anybody waited
    std::vector<std::unique_ptr<Watch::State>> closed_;  ///< in this turn, which may hold events of them
    std::vector<Task> running_;                          ///< the batch of run_posted(), kept for its capacity
    Mutex mutex_;
    std::vector<Task> posted_ STOA_GUARDED_BY(mutex_);
    bool ended_ STOA_GUARDED_BY(mutex_) = false;
};

}  // namespace stoa::net
