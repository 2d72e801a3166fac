#pragma once
// Decides many times a second whether this host may have the floating addresses, and tells keepalived through a file:
// no while HAProxy does not answer, and no while not one other host can be reached, for then the other balancer has the
// addresses or is about to. A thread of its own, so that nothing slow delays it. start() and stop() from one thread,
// the rest from any.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_annotations.hpp"
#include "cluster/balancer/config.hpp"
#include "cluster/balancer/probe.hpp"

namespace stoa::cluster {

class AddressGuard {
  public:
    /// `fault_file` is the one that keepalived tracks; empty: only says what it sees.
    AddressGuard(const BalancerSpec& spec, std::string fault_file);
    ~AddressGuard();  ///< stop()s
    AddressGuard(const AddressGuard&) = delete;
    AddressGuard& operator=(const AddressGuard&) = delete;

    void start();
    /// Leaves the file as it is: keepalived's own check goes on.
    void stop() STOA_EXCLUDES(mutex_);

    /// Web servers of today: who reaches one of them is not cut off either.
    void know(std::vector<ProbeTarget> web) STOA_EXCLUDES(mutex_);

    /// Empty when the host may have the addresses, else why not.
    std::string fault() const STOA_EXCLUDES(mutex_);

  private:
    void run() STOA_EXCLUDES(mutex_);
    bool haproxy_answers();
    bool reaches_somebody() STOA_EXCLUDES(mutex_);
    void tell(const std::string& fault) STOA_EXCLUDES(mutex_);

    const std::vector<ProbeTarget> neighbours_;
    const ProbeTarget status_;
    const std::string fault_file_;

    std::size_t next_neighbour_ = 0;  ///< of its thread, as the two below
    int haproxy_failures_ = 0;
    int lonely_rounds_ = 0;

    std::thread thread_;
    mutable Mutex mutex_;
    CondVar wake_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    std::string fault_ STOA_GUARDED_BY(mutex_);
    std::vector<ProbeTarget> web_ STOA_GUARDED_BY(mutex_);
};

}  // namespace stoa::cluster
