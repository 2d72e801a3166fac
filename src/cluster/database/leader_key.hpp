#pragma once
// LeaderKey: the leader's key in etcd under its lease, renewed by threads of its own, so that nothing else that a
// member does can be in its way; and not renewed while the member does not do its work. Each thread prefers another
// server of etcd, and they take turns: where answers take a second, or one server is dead, the others' renewals are on
// their way already. Any thread.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_annotations.hpp"
#include "cluster/etcd/client.hpp"

namespace stoa::cluster::database {

class LeaderKey {
  public:
    /// `may_renew`: asked before each renewal. `renewed`: the time, monotonic, at which a renewal was sent that then
    /// succeeded, not always in order. `lost`: etcd knows the lease no more. All from the threads, quick; may not call
    /// give_up().
    struct Listener {
        std::function<bool()> may_renew;
        std::function<void(std::int64_t sent_us)> renewed;
        std::function<void()> lost;
    };
    LeaderKey(etcd::ClientOptions etcd, std::string key, int ttl_s, int renew_ms, Listener listener);
    ~LeaderKey();  ///< lets the lease run out
    LeaderKey(const LeaderKey&) = delete;
    LeaderKey& operator=(const LeaderKey&) = delete;

    struct Taken {
        std::int64_t epoch = 0;  ///< the key's create_revision
        std::int64_t revision = 0;
        std::int64_t sent_us = 0;  ///< the lease lasts from then on
    };
    /// Gets a lease for a key that this member will take in a moment: one question less when it does. It lapses unused.
    void prepare();
    /// Errors: conflict (somebody else has it), unavailable and timeout (it may be there all the same).
    Result<Taken> take(const std::string& value) STOA_EXCLUDES(mutex_);
    /// Goes on with a key that an earlier run of this agent made. Errors: not_found (its lease has ended), as above.
    Result<Taken> adopt(const etcd::KeyValue& key) STOA_EXCLUDES(mutex_);
    /// Another value; nothing when the key is no longer this one. Gives the revision.
    Result<std::int64_t> rewrite(const std::string& value) STOA_EXCLUDES(mutex_);
    /// Removes it at once. A key of an earlier run may be named by its lease.
    void give_up(etcd::LeaseId of_earlier_run = 0) STOA_EXCLUDES(mutex_);
    /// Renews no more.
    void forget() STOA_EXCLUDES(mutex_);

    std::int64_t revision() const { return mod_revision_; }  ///< of the key as it was last written; the member's thread
    bool held() const { return lease_.load() != 0; }
    etcd::LeaseId lease() const { return lease_.load(); }

  private:
    void run(int turn, etcd::ClientOptions etcd) STOA_EXCLUDES(mutex_);
    void hold(etcd::LeaseId lease) STOA_EXCLUDES(mutex_);

    etcd::Client client_;
    const std::string key_;
    const int ttl_s_, renew_ms_;
    const Listener listener_;
    std::atomic<etcd::LeaseId> lease_{0};
    // The member's thread's.
    std::int64_t mod_revision_ = 0;
    etcd::LeaseId spare_ = 0;
    std::int64_t spare_us_ = 0;  ///< when it was asked for
    Mutex mutex_;
    CondVar wake_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    std::vector<std::thread> threads_;
};

}  // namespace stoa::cluster::database
