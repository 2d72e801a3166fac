// stoa node: the agent of one host until SIGTERM or SIGINT.

#include <pthread.h>

#include <csignal>
#include <memory>
#include <vector>

#include "app/commands/common.hpp"
#include "base/log.hpp"
#include "cluster/balancer/component.hpp"
#include "cluster/control/control_component.hpp"
#include "cluster/database/component.hpp"
#include "cluster/galera/component.hpp"
#include "cluster/node/agent.hpp"

namespace stoa::app {

namespace {

/// What runs inside the agent, by the role of its host.
std::vector<std::unique_ptr<cluster::node::Component>> components_for(const cluster::node::AgentOptions& options) {
    std::vector<std::unique_ptr<cluster::node::Component>> components;
    if (options.role == "lb") components.push_back(cluster::make_balancer());
    if (options.role == "db") {  // each looks whether the host's database is of its kind
        components.push_back(cluster::database::make_member());
        components.push_back(cluster::galera::make_member());
    }
    if (options.role == "etcd") {
        cluster::control::ControlOptions control;
        control.portal_version = kVersion;
        components.push_back(cluster::control::make_control(std::move(control)));
    }
    return components;
}

}  // namespace

Status run_node(const NodeOptions& options) {
    // Before any thread is made, so that all of them leave these signals to sigwait() below.
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    log::configure(log::Level::info, log::Format::logfmt);

    STOA_TRY(cluster::node::AgentOptions agent_options, cluster::node::load_agent_options(options.config_file));
    agent_options.version = kVersion;
    const std::string name = agent_options.name;
    auto components = components_for(agent_options);
    cluster::node::Agent agent(std::move(agent_options), std::move(components));
    STOA_CHECK(agent.start());
    print_line("The agent of " + name + " is ready.");

    int signal = 0;
    sigwait(&signals, &signal);
    log::info("stopping", {{"signal", signal}});
    agent.stop();
    return {};
}

}  // namespace stoa::app
