#pragma once
// Fibers: functions that wait for sockets without holding up their thread. Each runs on a stack of its own; where it
// would block for a socket it is put aside and its thread goes on with others, so an I/O thread may ask a database on
// another machine. A fiber stays on its thread for life.
//
// Only waits for sockets that go through wait() are such waits. A mutex held over one, a thread_local used across one,
// or any other way of blocking stops every fiber of the thread: what may do that asks of_this_thread() and answers
// must_wait() instead, and the caller begins again on a thread that may block.
//
// All but of_this_thread() and current() belongs to one thread. Boost.Context is behind it.

#include <cstddef>
#include <functional>
#include <memory>

#include "base/limits.hpp"
#include "base/result.hpp"

namespace stoa {

class Fibers {
  public:
    using Task = std::function<void()>;
    struct Options {
        std::size_t running_max = limits::fibers_running_max;
        std::size_t queue_max = limits::fiber_queue_max;
    };

    Fibers() : Fibers(Options()) {}
    explicit Fibers(Options options);
    ~Fibers();  ///< close()s
    Fibers(const Fibers&) = delete;
    Fibers& operator=(const Fibers&) = delete;

    /// Runs the task at once until it waits or ends; queued while running_max others are at work, and when called by a
    /// fiber. False, and the task never runs: the queue is full, or close() was called. A task that throws is logged.
    [[nodiscard]] bool start(Task task);
    /// Readable when some fiber can go on; then call resume_ready().
    int fd() const { return epoll_; }
    void resume_ready();
    /// Ends every wait as failed until all fibers have ended; drops those that have not begun.
    void close();

    /// Of the running fiber: until the socket is ready, broken or shut down by another thread. False: close() was
    /// called, or the descriptor cannot be watched. There is no time limit: whoever has a deadline shuts the socket
    /// down.
    bool wait(int fd, bool to_read);

    /// Set while a fiber of this thread runs.
    static Fibers* current();
    /// Set on threads that must not block (see Home).
    static Fibers* of_this_thread();

    /// Makes the fibers those of this thread until the end of the scope.
    class Home {
      public:
        explicit Home(Fibers& fibers);
        ~Home();
        Home(const Home&) = delete;
        Home& operator=(const Home&) = delete;
    };

  private:
    struct Fiber;
    void go_on(Fiber& fiber);
    void begin_queued();

    struct Impl;
    const Options options_;
    int epoll_ = -1;
    bool closing_ = false;
    std::unique_ptr<Impl> impl_;
};

/// What is found where of_this_thread() forbids blocking: begin again where it is allowed. Never shown to anybody.
Error must_wait();
bool is_must_wait(const Error& error);

}  // namespace stoa
