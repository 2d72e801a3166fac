#pragma once
// A copy of all keys below a prefix that follows etcd within milliseconds: lists them once, then reads the stream of
// changes, and goes on where it was after a break, with another server if need be (after a compaction it lists again).
// While no server answers, the last copy stays and fresh() is false.
// Any thread. Has two threads: one reads the stream, one asks its server twice a second whether the cluster still
// agrees on something through it, so that a frozen or cut-off server is left within two seconds.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/thread_annotations.hpp"
#include "cluster/etcd/client.hpp"

namespace stoa::cluster::etcd {

class Mirror {
  public:
    struct Snapshot {
        std::map<std::string, std::string, std::less<>> values;  ///< whole key → value
        std::int64_t revision = 0;                               ///< 0 = never listed
        bool contains(std::string_view key) const { return values.find(key) != values.end(); }
    };
    /// Called from the mirror's thread after the copy has changed, after the first listing and when fresh() changed.
    /// Quick, or it holds up the stream; must not call stop().
    using OnChange = std::function<void()>;

    Mirror(ClientOptions options, std::string prefix, OnChange on_change = {});
    ~Mirror();  ///< stop()s
    Mirror(const Mirror&) = delete;
    Mirror& operator=(const Mirror&) = delete;

    void start();
    /// Takes call_ms at most, whatever etcd does. May be called again.
    void stop() STOA_EXCLUDES(mutex_);

    /// Never null; shared because readers keep it while the mirror goes on. Copied once per change at most.
    std::shared_ptr<const Snapshot> snapshot() const STOA_EXCLUDES(mutex_);
    /// The stream is open and its server answered within the last second or so.
    bool fresh() const { return fresh_.load(); }
    /// For tests and doctors: how many streams were opened or passed over.
    std::int64_t streams() const { return streams_.load(); }

  private:
    /// Why a stream ended: go on from where it was, or list again.
    enum class Ended : std::uint8_t { broken, gap };
    struct Stream;

    void follow() STOA_EXCLUDES(mutex_);
    void probe() STOA_EXCLUDES(mutex_);
    Status list() STOA_EXCLUDES(mutex_);
    Ended read_stream() STOA_EXCLUDES(mutex_);
    std::string next_server() STOA_REQUIRES(mutex_);
    bool take_line(Stream& stream, std::string_view line) STOA_EXCLUDES(mutex_);
    bool take_events(const json::Value& result) STOA_EXCLUDES(mutex_);
    void set_fresh(bool fresh, const std::shared_ptr<Stream>& stream) STOA_EXCLUDES(mutex_);
    void pause(int ms) STOA_EXCLUDES(mutex_);

    const ClientOptions options_;
    const std::string prefix_;
    const OnChange on_change_;
    Client client_;

    std::atomic<bool> fresh_{false};
    std::atomic<bool> stopping_{false};
    std::atomic<std::int64_t> streams_{0};

    mutable Mutex mutex_;
    CondVar wake_;
    Snapshot current_ STOA_GUARDED_BY(mutex_);
    mutable std::shared_ptr<const Snapshot> shared_ STOA_GUARDED_BY(mutex_);  ///< of current_, made when asked for
    std::int64_t next_revision_ STOA_GUARDED_BY(mutex_) = 0;                  ///< where a stream goes on; 0 = list
    std::shared_ptr<Stream> stream_ STOA_GUARDED_BY(mutex_);  ///< shared: the prober looks at it while it may end

    std::string silent_server_ STOA_GUARDED_BY(mutex_);  ///< did not answer; not asked again before that time
    std::int64_t silent_until_us_ STOA_GUARDED_BY(mutex_) = 0;

    std::thread follower_, prober_;
};

}  // namespace stoa::cluster::etcd
