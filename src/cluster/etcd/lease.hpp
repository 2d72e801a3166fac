#pragma once
// Keeps a lease alive and its keys written: a host that is registered, a leader that leads. Renewed every third of its
// time; when etcd has let it expire, a new one is taken and the keys are put again. Any thread; has one of its own.
//
//   Lease lease(client, limits::host_lease_s);
//   lease.start();
//   lease.put(keys.live("web1"), json);

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>

#include "base/thread_annotations.hpp"
#include "cluster/etcd/client.hpp"

namespace stoa::cluster::etcd {

class Lease {
  public:
    /// Called from the lease's thread: true when a lease was taken, false when it is, or may be, lost. Must not call
    /// stop().
    using OnChange = std::function<void(bool held)>;

    /// The client must outlive it. Leases shorter than 1.5 elections of etcd are made longer by it.
    Lease(Client& client, int ttl_s, OnChange on_change = {});
    ~Lease();  ///< stop()s
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    void start();
    /// Gives the lease back, which removes its keys at once. May be called again.
    void stop() STOA_EXCLUDES(mutex_, call_mutex_);
    /// Ends the thread but lets the lease run out by itself, as a death would.
    void abandon() STOA_EXCLUDES(mutex_, call_mutex_);

    /// Writes the key under the lease, now and again after each loss. An error says that it is not written yet; it will
    /// be as soon as etcd answers.
    Status put(std::string_view key, std::string_view value) STOA_EXCLUDES(mutex_, call_mutex_);
    Status remove(std::string_view key) STOA_EXCLUDES(mutex_, call_mutex_);

    /// By the holder's own monotonic clock, counted from before the last renewal was sent: false before etcd can have
    /// let it expire.
    bool held() const { return left_ms() > 0; }
    /// How long it is held without another renewal; 0 = not held.
    std::int64_t left_ms() const;
    /// 0 while none is held. For keys of one's own making (create_if_absent); those are not put again after a loss.
    LeaseId id() const { return held() ? id_.load() : 0; }

  private:
    void run() STOA_EXCLUDES(mutex_, call_mutex_);
    void renew();
    void take();
    void write_missing() STOA_EXCLUDES(mutex_, call_mutex_);
    Status write(LeaseId lease, const std::string& key, const std::string& value) STOA_REQUIRES(call_mutex_)
        STOA_EXCLUDES(mutex_);
    void tell(bool held, std::string_view reason);
    void end() STOA_EXCLUDES(mutex_, call_mutex_);

    Client& client_;
    const int ttl_s_;
    const OnChange on_change_;

    std::atomic<LeaseId> id_{0};
    std::atomic<std::int64_t> until_us_{0};  ///< monotonic
    bool told_held_ = false;                 ///< of the thread alone

    Mutex call_mutex_;  ///< one writer of a key at a time; held over calls to etcd
    mutable Mutex mutex_;
    CondVar wake_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    bool failed_ STOA_GUARDED_BY(mutex_) = false;  ///< a key waits to be written
    struct Entry {
        std::string value;
        LeaseId written_under = 0;
    };
    std::map<std::string, Entry, std::less<>> entries_ STOA_GUARDED_BY(mutex_);

    std::thread thread_;
};

}  // namespace stoa::cluster::etcd
