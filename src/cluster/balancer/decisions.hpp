#pragma once
// What the controller says to HAProxy, decided from what is wanted and what is. Nothing here does anything, so that all
// of it can be tested without HAProxy. One thread at a time per object.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/balancer/config.hpp"
#include "cluster/balancer/probe.hpp"
#include "cluster/balancer/runtime_api.hpp"
#include "cluster/balancer/view.hpp"

namespace stoa::cluster {

/// In order; each is one call to the runtime API.
using Commands = std::vector<std::string>;

/// Servers of the backends `web` and `push` that are not in the view end what they have begun, then leave. An empty
/// view says that nothing is known: everything stays.
class WebServers {
  public:
    /// Nobody is taken away before somebody who is admitted is up: `problem` then says so, for people. A view that
    /// admits nobody would turn every request away, and is more likely wrong than meant.
    Commands decide(const BalancerSpec& spec, const BalancerView& view, const std::vector<ServerStatus>& servers,
                    std::int64_t now_us, std::string& problem);

  private:
    Commands remove(const ServerStatus& server, std::int64_t now_us);
    std::map<std::string, std::int64_t, std::less<>> leaving_since_us_;
};

/// Writes to the primary alone; reads to the others, and to the primary while no other is there.
Commands decide_databases(const BalancerView& view, const std::vector<ServerStatus>& servers);

/// A server that failed connections marked down stays out for fail_timeout_ms, whatever its checks say, unless its
/// process is started anew or there is no other.
class FailurePauses {
  public:
    Commands decide(const BalancerSpec& spec, const BalancerView& view, const std::vector<ServerStatus>& servers,
                    std::int64_t now_us);

  private:
    struct Pause {
        std::int64_t since_us = 0;
        std::string incarnation;
    };
    std::map<std::string, std::int64_t, std::less<>> passive_downs_;
    std::map<std::string, Pause, std::less<>> pauses_;
};

/// Which web servers have vanished: down, and not even the kernel of their host answers. (One that hangs or starts anew
/// still has a kernel that does; its connections end by themselves or by its agent.)
class VanishedServers {
  public:
    /// Those that should be probed now.
    static std::vector<const ServerStatus*> suspects(const std::vector<ServerStatus>& servers);
    /// Whether the server has vanished, given the result of its latest probe.
    bool vanished(const ServerStatus& server, Reach reach);
    /// Forgets servers that are no suspects any more.
    void keep_only(const std::vector<const ServerStatus*>& suspects);

  private:
    std::map<std::string, int, std::less<>> silent_;
};

}  // namespace stoa::cluster
