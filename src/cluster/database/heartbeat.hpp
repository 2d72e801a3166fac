#pragma once
// Heartbeat: writes a row on the leader again and again, because a server that answers pings may still hang: stopped,
// on a stalled disk, on a full one. Tells hanging from waiting for receipts, which is no fault of this server.
// start() and stop() from one thread; the rest any thread. Has two threads.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/thread_annotations.hpp"
#include "db/mariadb/admin_connection.hpp"

namespace stoa::cluster::database {

class Heartbeat {
  public:
    using OnChange = std::function<void()>;
    /// on_change: hangs() or waits_for_receipts() is another; from its threads, quick.
    Heartbeat(db::mariadb::AdminOptions where, int beat_ms, OnChange on_change);
    ~Heartbeat();  ///< stop()s
    Heartbeat(const Heartbeat&) = delete;
    Heartbeat& operator=(const Heartbeat&) = delete;

    void start(std::int64_t epoch, int limit_ms);
    void stop() STOA_EXCLUDES(mutex_);
    bool running() const { return beater_.joinable(); }

    bool hangs() const { return hangs_.load(); }
    bool waits_for_receipts() const { return waits_.load(); }
    /// Monotonic, of the last one that was written; 0 = none yet.
    std::int64_t last_us() const { return last_us_.load(); }

  private:
    void beat(std::int64_t epoch);
    void watch(std::int64_t epoch);
    void nudge(std::int64_t epoch);
    void set(std::atomic<bool>& flag, bool value);

    const db::mariadb::AdminOptions where_;
    const int beat_ms_;
    const OnChange on_change_;
    int limit_ms_ = 0;
    std::atomic<bool> hangs_{false}, waits_{false};
    std::atomic<std::int64_t> last_us_{0};
    std::atomic<std::int64_t> begun_us_{0};  ///< of the beat that is on its way; 0 = none

    Mutex mutex_;
    CondVar wake_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    /// Shared with stop(), which cuts a call that waits.
    std::shared_ptr<db::mariadb::AdminConnection> beating_ STOA_GUARDED_BY(mutex_);
    std::shared_ptr<db::mariadb::AdminConnection> watching_ STOA_GUARDED_BY(mutex_);
    std::shared_ptr<db::mariadb::AdminConnection> nudging_ STOA_GUARDED_BY(mutex_);
    std::thread beater_, watcher_, nudger_;
    std::atomic<bool> nudge_busy_{false};
};

}  // namespace stoa::cluster::database
