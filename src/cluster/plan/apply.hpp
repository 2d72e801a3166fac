#pragma once
// Brings what etcd holds to what the spec wants. Blocking: for commands and the lab, one at a time.

#include <functional>
#include <string>
#include <vector>

#include "cluster/etcd/client.hpp"
#include "cluster/plan/diff.hpp"
#include "cluster/state/live.hpp"

namespace stoa::cluster {

/// What etcd holds of a cluster, read at one moment.
struct ClusterState {
    bool applied = false;  ///< a spec is there
    std::string spec_text;
    Release release;
    HostMap hosts;
    std::map<std::string, LiveHost> live;
    std::map<std::string, Drain> drains;
};
/// Errors: those of the client. A value that cannot be read counts as absent.
Result<ClusterState> read_state(etcd::Client& etcd, const std::string& cluster);

struct ApplyOptions {
    std::string portal_version;
    bool wait = true;  ///< hosts that change: one after the other, each waited for until it is well
    int host_wait_ms = 60'000;
    std::function<void(const std::string&)> progress;  ///< one line each
};

struct ApplyReport {
    std::vector<ServiceChange> changes;  ///< that were made
    bool spec_changed = false, release_changed = false;
};

/// Order: the spec; the release, which allows old and new web hosts side by side while there are both; stores; web
/// hosts one by one; balancers; the release again, of the new ones alone. Doing it again changes nothing. Errors: those
/// of the client; timeout when a changed host does not become well (then the rest keeps what it had: apply again).
Result<ApplyReport> apply(etcd::Client& etcd, const ClusterSpec& spec, const ApplyOptions& options);

}  // namespace stoa::cluster
