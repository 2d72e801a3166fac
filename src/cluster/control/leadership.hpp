#pragma once
// One leader for a task in the whole cluster: whoever holds the key under its lease. Any thread; has threads of its
// own. leading() is true only while the lease cannot have expired, by the monotonic clock; after a loss somebody else
// may lead at once, so work that takes long asks again before each step.

#include <atomic>
#include <string>
#include <thread>

#include "base/thread_annotations.hpp"
#include "cluster/etcd/client.hpp"
#include "cluster/etcd/lease.hpp"

namespace stoa::cluster::control {

class Leadership {
  public:
    /// `key` is Keys::leader(task), `holder` the name of this host. The client must outlive it.
    Leadership(etcd::Client& client, std::string key, std::string holder);
    ~Leadership();
    Leadership(const Leadership&) = delete;
    Leadership& operator=(const Leadership&) = delete;

    void start();
    /// Gives the key up, so that another leads at once.
    void stop() STOA_EXCLUDES(mutex_);

    bool leading() const;

  private:
    void run() STOA_EXCLUDES(mutex_);
    void try_once();

    etcd::Client& client_;
    const std::string key_, holder_;
    etcd::Lease lease_;
    std::atomic<etcd::LeaseId> led_under_{0};  ///< the lease that the key was taken with
    Mutex mutex_;
    CondVar wake_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace stoa::cluster::control
