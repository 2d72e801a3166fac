#pragma once
// DeadlineWatch: ends calls that outlive their deadline by shutting their socket down: the client library knows only
// whole seconds, and a stopped server would hold its callers for as long as that. One thread; any thread may arm.

#include <atomic>
#include <cstdint>
#include <thread>
#include <unordered_set>

#include "base/thread_annotations.hpp"

namespace stoa::db::mariadb {

class DeadlineWatch {
  public:
    DeadlineWatch();
    ~DeadlineWatch();
    DeadlineWatch(const DeadlineWatch&) = delete;
    DeadlineWatch& operator=(const DeadlineWatch&) = delete;

    /// A socket under watch until it is destroyed, which must happen before the socket is closed.
    class Guard {
      public:
        Guard(DeadlineWatch& watch, int fd, std::uint64_t group);
        ~Guard();
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;
        /// 0: no call is running.
        void set(std::int64_t deadline_us) { deadline_us_.store(deadline_us, std::memory_order_relaxed); }

      private:
        friend class DeadlineWatch;
        DeadlineWatch& watch_;
        const int fd_;
        const std::uint64_t group_;
        std::atomic<std::int64_t> deadline_us_{0};
    };

    /// Ends every connection of a group at once: their server is no longer the one to talk to.
    void cut(std::uint64_t group) STOA_EXCLUDES(mutex_);

  private:
    void run();

    Mutex mutex_;
    CondVar wake_;
    std::unordered_set<Guard*> guards_ STOA_GUARDED_BY(mutex_);
    bool closing_ STOA_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace stoa::db::mariadb
