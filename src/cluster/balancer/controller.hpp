#pragma once
// Makes a running HAProxy do what a BalancerView says, without reloading it: adds, enables, drains and removes web
// servers, points db-rw at the primary, and ends connections to web servers that vanished, so that HAProxy sends their
// requests to others. It reads HAProxy's state before it changes anything and keeps nothing that cannot be read there,
// so it may be started again at any time, as may HAProxy. What HAProxy should begin with after a restart is written to
// backends.cfg first.
//
// start() and stop() from one thread, the rest from any. Every call to HAProxy has a deadline.

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "base/thread_annotations.hpp"
#include "cluster/balancer/address_guard.hpp"
#include "cluster/balancer/config.hpp"
#include "cluster/balancer/decisions.hpp"
#include "cluster/balancer/runtime_api.hpp"
#include "cluster/balancer/view.hpp"
#include "cluster/balancer/waiting_room.hpp"

namespace stoa::cluster {

struct ControllerOptions {
    std::string haproxy_dir;
    std::string keepalived_dir;  ///< empty: none on this host
};

struct BalancerStatus {
    struct Server {
        std::string name, endpoint;
        std::string state;   ///< "up", "down", "paused", "draining", "refused", "leaving"
        std::string reason;  ///< why it is not up
        std::int64_t sessions = 0;
    };
    std::vector<Server> web;
    std::string db_primary;
    std::string fault;        ///< why this host may not have the floating addresses
    std::string problem;      ///< why the view could not be carried out, or only in part
    std::int64_t resets = 0;  ///< connections to vanished servers that were ended
};

/// The web servers that HAProxy has, as it treats them now.
std::vector<WebServer> web_servers_of(const std::vector<ServerStatus>& servers);

class Controller {
  public:
    Controller(BalancerSpec spec, ControllerOptions options);
    ~Controller();  ///< stop()s
    Controller(const Controller&) = delete;
    Controller& operator=(const Controller&) = delete;

    /// Until the first want(), the spec's own web servers are wanted, and the primary is who it is.
    void start();
    void stop() STOA_EXCLUDES(mutex_);

    /// The view from now on. Returns at once.
    void want(BalancerView view) STOA_EXCLUDES(mutex_);
    /// One pass of what the thread does all the time. Errors: those of RuntimeApi; what could be done was.
    Status reconcile(const BalancerView& view) STOA_EXCLUDES(mutex_, pass_mutex_);

    /// Requests from this address get 403, on all balancers within a second, for a day.
    Status block(const std::string& address);
    Status unblock(const std::string& address);

    /// A new HAProxy process with the files as they are now takes the listening sockets over; the old one ends what it
    /// has begun. For changes that the runtime API cannot make.
    Status reload() STOA_EXCLUDES(pass_mutex_);

    BalancerStatus status() const STOA_EXCLUDES(mutex_);

  private:
    void run() STOA_EXCLUDES(mutex_, pass_mutex_);
    Status write_backends(const BalancerView& view, const std::vector<ServerStatus>& servers)
        STOA_REQUIRES(pass_mutex_);
    Status reload_locked() STOA_REQUIRES(pass_mutex_);
    /// HAProxy lacks databases of the spec: it was started with the list of an earlier one.
    bool lacks_databases(const std::vector<ServerStatus>& servers) const;
    /// All of them, also when one fails; the first error.
    Status run_all(const Commands& commands) const;
    void end_dead_connections(const std::vector<ServerStatus>& servers) STOA_REQUIRES(pass_mutex_);
    void publish(const BalancerView& view, const std::vector<ServerStatus>& servers, std::string problem)
        STOA_EXCLUDES(mutex_) STOA_REQUIRES(pass_mutex_);

    const BalancerSpec spec_;
    const ControllerOptions options_;
    const RuntimeApi api_;
    AddressGuard guard_;
    WaitingRoom waiting_room_;

    Mutex pass_mutex_;                                   ///< one pass at a time
    std::string backends_ STOA_GUARDED_BY(pass_mutex_);  ///< what was written last
    WebServers web_servers_ STOA_GUARDED_BY(pass_mutex_);
    FailurePauses pauses_ STOA_GUARDED_BY(pass_mutex_);
    VanishedServers vanished_ STOA_GUARDED_BY(pass_mutex_);
    std::int64_t resets_ STOA_GUARDED_BY(pass_mutex_) = 0;
    std::int64_t reloaded_us_ STOA_GUARDED_BY(pass_mutex_) = 0;  ///< when databases were missing last

    std::thread thread_;
    mutable Mutex mutex_;
    CondVar wake_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    bool changed_ STOA_GUARDED_BY(mutex_) = false;
    BalancerView wanted_ STOA_GUARDED_BY(mutex_);
    BalancerStatus status_ STOA_GUARDED_BY(mutex_);
};

}  // namespace stoa::cluster
