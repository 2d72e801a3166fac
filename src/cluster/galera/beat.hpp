#pragma once
// Beat: writes a row on the own server again and again, outside of the group, and tells when that takes too long. A
// node whose disk hangs makes the whole group wait (flow control) as long as its network answers; this finds out which
// one it is, because the write waits for nothing but the own server. https://github.com/codership/galera/issues/510
// start() and stop() from one thread, the rest from any. Has one thread while it runs.

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>

#include "base/thread_annotations.hpp"
#include "db/mariadb/admin_connection.hpp"

namespace stoa::cluster::galera {

class Beat {
  public:
    explicit Beat(db::mariadb::AdminOptions where) : where_(std::move(where)) {}
    ~Beat();  ///< stop()s
    Beat(const Beat&) = delete;
    Beat& operator=(const Beat&) = delete;

    /// For a server that answers.
    void start();
    void stop() STOA_EXCLUDES(mutex_);
    bool running() const { return thread_.joinable(); }

    /// How long the write that is on its way has taken; 0 = none is, or none has ever succeeded.
    std::int64_t late_ms() const;
    /// One was written within the last second.
    bool well() const;

  private:
    void run() STOA_EXCLUDES(mutex_);

    const db::mariadb::AdminOptions where_;
    std::atomic<std::int64_t> begun_us_{0};  ///< of the one on its way
    std::atomic<std::int64_t> last_us_{0};   ///< when one was written
    Mutex mutex_;
    CondVar wake_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    /// Shared with stop(), which cuts a call that waits.
    std::shared_ptr<db::mariadb::AdminConnection> session_ STOA_GUARDED_BY(mutex_);
    std::thread thread_;
};

}  // namespace stoa::cluster::galera
