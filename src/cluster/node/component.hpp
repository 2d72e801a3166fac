#pragma once
// What runs inside an agent besides its services: the balancer's controller on balancer hosts, the leader of the
// cluster. A component sees its host through AgentContext only, so that a test can give it another one.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cluster/etcd/client.hpp"
#include "cluster/state/keys.hpp"
#include "cluster/state/live.hpp"

namespace stoa::cluster::node {

/// Any thread; lives from Component::start() to the end of Component::stop().
class AgentContext {
  public:
    virtual ~AgentContext() = default;

    virtual etcd::Client& etcd() = 0;  ///< its options() serve for a Mirror
    virtual const Keys& keys() const = 0;
    virtual const std::string& host() const = 0;
    virtual const std::string& role() const = 0;
    virtual const std::string& address() const = 0;
    virtual const std::string& work_dir() const = 0;
    /// Folder of a service: work_dir/<name>.
    virtual std::string service_dir(std::string_view service) const = 0;

    /// The host's services as they are now.
    virtual std::vector<LiveService> services() const = 0;
    /// To the service's main process. Errors: not_found (no such service, or it does not run).
    virtual Status signal_service(std::string_view service, int signal) = 0;
    /// Stops it as its definition says, writes its files again and starts it; does not wait. Errors: not_found.
    virtual Status restart_service(std::string_view service, std::string_view reason) = 0;
    /// Kills the process group with SIGKILL; it comes back by itself. Errors: not_found.
    virtual Status kill_service(std::string_view service, std::string_view reason) = 0;
};

class Component {
  public:
    virtual ~Component() = default;
    virtual std::string_view name() const = 0;
    /// Once, before any other call. An error ends the agent's start.
    virtual Status start(AgentContext& context) = 0;
    /// Ends its threads; within limits::component_stop_ms.
    virtual void stop() = 0;
    /// A service of this host changed its state, process or problem. From the agent's threads: return at once.
    virtual void services_changed() {}
};

}  // namespace stoa::cluster::node
