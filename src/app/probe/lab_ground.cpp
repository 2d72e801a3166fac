#include "app/probe/lab_ground.hpp"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.hpp"
#include "base/file_util.hpp"
#include "cluster/database/admin.hpp"
#include "cluster/etcd/client.hpp"
#include "cluster/lab/command.hpp"
#include "cluster/plan/apply.hpp"
#include "cluster/plan/services.hpp"
#include "cluster/state/keys.hpp"
#include "json/parse.hpp"

namespace stoa::app::probe {
namespace {

namespace lab = cluster::lab;

constexpr int kLookAgainMs = 100;
constexpr std::size_t kSecretBytesMax = 4096;

std::string problems_of(const lab::NodeStatus& status) {
    if (!status.agent_runs) return "its agent does not run";
    if (!status.registered) return "it is not registered";
    if (!status.faults.empty()) return "it is " + status.faults.front();
    for (const cluster::LiveService& service : status.live.services) {
        if (service.state == cluster::ServiceState::well) continue;
        return service.name + " is " + std::string(cluster::to_string(service.state)) +
               (service.problem.empty() ? "" : " (" + service.problem + ")");
    }
    return {};
}

/// A user of the probe's own: its session must not end because somebody else uses the administrator's links. Made by
/// the program of a web host, as an operator would; an invitation the first time.
std::string make_login_link(const lab::LabInfo& info, const std::string& email, const std::string& role) {
    const std::vector<std::string> ways[] = {{"login-link", "--email", email},
                                             {"invite", "--email", email, "--first-name", "Load", "--role", role}};
    for (const lab::LabNode& node : info.nodes) {
        if (node.role != "web") continue;
        for (const std::vector<std::string>& way : ways) {
            lab::Command command{{info.program, "user"}, {}, node.name_space};
            command.argv.insert(command.argv.end(), way.begin(), way.end());
            for (const char* more : {"--config", "", "--json"})
                command.argv.emplace_back(*more ? std::string(more) : info.dir + "/" + node.name + "/web/stoa.toml");
            const auto made = lab::run(command);
            const auto answer = made ? json::parse(made->out) : Result<json::Value>(internal_error(""));
            const json::Value* link = answer ? answer->find("link") : nullptr;
            if (link) return link->as_text().value_or("");
        }
    }
    return {};
}

Status apply_same_version(cluster::etcd::Client& etcd, const cluster::ClusterSpec& spec) {
    STOA_TRY(const cluster::ClusterState state, cluster::read_state(etcd, spec.name));
    if (state.release.allowed.empty()) return not_found("The lab has no release yet.");
    cluster::ApplyOptions options;
    options.portal_version = state.release.allowed.front().version;
    STOA_CHECK(cluster::apply(etcd, spec, options));
    return {};
}

}  // namespace

Result<Target> target_of_lab(const std::string& dir) {
    STOA_TRY(const lab::LabInfo info, lab::load(dir));
    STOA_TRY(Target target, target_of(info.url, info.webhook_url, info.ca_file,
                                      make_login_link(info, "load@example.org", "employee")));
    target.accept_invitation = true;
    for (const lab::LabNode& node : info.nodes) {
        if (node.role == "client") target.network = node.name_space;
    }
    return target;
}

std::string make_admin_link(const std::string& dir) {
    const auto info = lab::load(dir);
    return info ? make_login_link(*info, "drills@example.org", "admin") : std::string();
}

Result<LabGround> LabGround::open(const std::string& dir) {
    STOA_TRY(lab::LabInfo info, lab::load(dir));
    if (info.state != "up") return Error{Errc::conflict, "The lab in " + dir + " is not up yet. Wait for: stoa lab up"};
    return LabGround(std::move(info));
}

std::vector<std::string> LabGround::hosts(std::string_view role) const {
    std::vector<std::string> names;
    for (const lab::LabNode& node : info_.nodes) {
        if (node.role == role) names.push_back(node.name);
    }
    return names;
}

Result<std::vector<std::string>> LabGround::web_addresses() const {
    STOA_TRY(const cluster::ClusterSpec spec, cluster::load_spec(info_.dir + "/cluster.toml"));
    std::vector<std::string> all;
    for (const cluster::HostSpec* host : spec.of_role("web"))
        all.push_back("http://" + host->address + ":" + std::to_string(spec.web.port));
    return all;
}

Result<int> LabGround::web_hosts_min() const {
    STOA_TRY(const cluster::ClusterSpec spec, cluster::load_spec(info_.dir + "/cluster.toml"));
    return spec.web.min;
}

Result<std::string> LabGround::degraded() const {
    return degraded("");
}

Result<std::string> LabGround::degraded(std::string_view role) const {
    STOA_TRY(const auto all, lab::status(info_.dir));
    for (const lab::NodeStatus& status : all) {
        if (status.node.role == "client" || (!role.empty() && status.node.role != role)) continue;
        if (const std::string problem = problems_of(status); !problem.empty()) return status.node.name + ": " + problem;
    }
    return role.empty() || role == "db" ? database_problem() : std::string();
}

Status LabGround::wait_until_well(int timeout_ms) const {
    const std::int64_t deadline_us = system_clock().monotonic_us() + std::int64_t{timeout_ms} * 1000;
    while (true) {
        const auto problem = degraded();
        if (problem && problem->empty()) return {};
        if (system_clock().monotonic_us() > deadline_us) {
            return Error{Errc::timeout, "The lab is not well again: " + (problem ? *problem : problem.error().message)};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(kLookAgainMs));
    }
}

Result<int> LabGround::well_web_hosts() const {
    STOA_TRY(const auto all, lab::status(info_.dir));
    return static_cast<int>(std::count_if(all.begin(), all.end(), [](const lab::NodeStatus& status) {
        if (status.node.role != "web" || !status.registered || !status.agent_runs) return false;
        const cluster::LiveService* web = status.live.service("web");
        return web && web->state == cluster::ServiceState::well;
    }));
}

Result<std::vector<std::string>> LabGround::dead_hosts(std::string_view role) const {
    STOA_TRY(const auto all, lab::status(info_.dir));
    std::vector<std::string> names;
    for (const lab::NodeStatus& status : all) {
        if (status.node.role == role && !status.agent_runs) names.push_back(status.node.name);
    }
    return names;
}

std::string LabGround::floating_address() const {
    std::string host = info_.url.substr(std::min(info_.url.size(), info_.url.find("://") + 3));
    return host.substr(0, host.find_first_of(":/"));
}

Result<std::string> LabGround::address_owner() const {
    for (const std::string& name : hosts("lb")) {
        const auto addresses = lab::run(
            {.argv = {"ip", "-o", "-4", "addr", "show"}, .input = {}, .name_space = info_.node(name)->name_space});
        if (addresses && addresses->out.find(" " + floating_address() + "/") != std::string::npos) return name;
    }
    return not_found("No balancer has the floating address " + floating_address() + ".");
}

Status LabGround::kill(const std::string& target, lab::Fault fault) const {
    return lab::kill(info_.dir, target, fault);
}

Status LabGround::heal(const std::string& host) const {
    return lab::heal(info_.dir, host);
}

void LabGround::heal_all() const {
    for (const lab::LabNode& node : info_.nodes) {
        if (node.role != "client") (void)lab::heal(info_.dir, node.name);
    }
}

Status LabGround::kill_agent(const std::string& host) const {
    // Agents that were healed have other numbers than when the lab was opened.
    STOA_TRY(const lab::LabInfo now, lab::load(info_.dir));
    const lab::LabNode* node = now.node(host);
    if (!node || node->pid <= 0) return not_found("The agent of " + host + " is not known.");
    const auto own = lab::pids_in(node->name_space);
    if (std::find(own.begin(), own.end(), node->pid) == own.end())
        return not_found("The agent of " + host + " does not run.");
    if (::kill(node->pid, SIGKILL) != 0) return not_found("The agent of " + host + " is gone.");
    return {};
}

Status LabGround::signal(const std::string& host, const std::string& service, int signal_number) const {
    STOA_TRY(const auto all, lab::status(info_.dir));
    for (const lab::NodeStatus& status : all) {
        if (status.node.name != host) continue;
        const cluster::LiveService* its = status.live.service(service);
        if (its && its->pid > 0 && ::kill(its->pid, signal_number) == 0) return {};
    }
    return not_found(host + "/" + service + " does not run.");
}

bool LabGround::redis_leads(const std::string& host) const {
    const auto password = read_file(info_.dir + "/secrets/redis-password", kSecretBytesMax);
    const lab::LabNode* node = info_.node(host);
    if (!node || !password) return false;
    // The password goes in as input: what is on a command line, everybody can read.
    const std::string commands = "AUTH " + password->substr(0, password->find('\n')) + "\nROLE\n";
    const auto answer =
        lab::run({.argv = {"redis-cli", "-h", node->address}, .input = commands, .name_space = node->name_space});
    return answer && answer->out.find("master\n") != std::string::npos;
}

namespace {

/// Inside the lab's network, with what the agents of its databases wrote to etcd.
template <class Do>
auto with_database(const lab::LabInfo& info, Do&& work) -> decltype(work(std::declval<cluster::database::Admin&>())) {
    STOA_TRY(const cluster::ClusterSpec spec, cluster::load_spec(info.dir + "/cluster.toml"));
    decltype(work(std::declval<cluster::database::Admin&>())) result = internal_error("");
    lab::inside(info.switch_space, [&] {
        cluster::etcd::Client etcd({.endpoints = cluster::etcd_endpoints(spec)});
        cluster::database::Admin admin(etcd, spec.name);
        result = work(admin);
    });
    return result;
}

}  // namespace

std::string LabGround::database_problem() const {
    if (info_.topology != "classic" || hosts("db").size() < 2) return {};
    const auto view = with_database(info_, [](cluster::database::Admin& admin) { return admin.status(); });
    if (!view) return view.error().message;
    if (!view->leader || !view->leader->open) return "no database takes writes";
    for (const std::string& host : hosts("db")) {
        const auto found = view->members.find(host);
        if (found == view->members.end()) return host + ": its database is not heard of";
        if (!found->second.problem.empty()) return host + ": " + found->second.problem;
        const bool follows = found->second.receiving && found->second.acknowledges;
        if (host != view->leader->name && !follows) return host + ": its database does not acknowledge";
    }
    return {};
}

Result<std::string> LabGround::database_leader() const {
    if (info_.topology == "galera") {
        const std::vector<std::string> all = hosts("db");
        if (all.empty()) return not_found("The lab has no database.");
        return all.front();  // all take writes; web processes use the first that works
    }
    if (info_.topology != "classic") return Error{Errc::unsupported, "This lab has the embedded store."};
    STOA_TRY(const auto view, with_database(info_, [](cluster::database::Admin& admin) { return admin.status(); }));
    if (!view.leader || !view.leader->open) return not_found("No database takes writes.");
    return view.leader->name;
}

Result<std::int64_t> LabGround::database_changes() const {
    if (info_.topology != "classic") return 0;
    STOA_TRY(const auto view, with_database(info_, [](cluster::database::Admin& admin) { return admin.status(); }));
    return view.history.empty() ? view.epoch() : view.history.back().epoch;
}

Status LabGround::switch_database() const {
    STOA_CHECK(with_database(info_, [](cluster::database::Admin& admin) { return admin.switchover(""); }));
    return {};
}

Status LabGround::set_drain(const std::string& host, bool drained) const {
    STOA_TRY(const cluster::ClusterSpec spec, cluster::load_spec(info_.dir + "/cluster.toml"));
    const cluster::Keys keys(spec.name);
    Status done;
    lab::inside(info_.switch_space, [&] {
        cluster::etcd::Client etcd({.endpoints = cluster::etcd_endpoints(spec)});
        if (drained) {
            const cluster::Drain drain{"drill", system_clock().now()};
            const auto put = etcd.put(keys.drain(host), cluster::to_json(drain));
            if (!put) done = put.error();
        } else {
            const auto removed = etcd.remove(keys.drain(host));
            if (!removed) done = removed.error();
        }
    });
    return done;
}

Status LabGround::remove_host(const std::string& host) const {
    return lab::remove_host(info_.dir, host);
}

Status LabGround::apply(void (*change)(cluster::ClusterSpec& spec)) const {
    STOA_TRY(cluster::ClusterSpec spec, cluster::load_spec(info_.dir + "/cluster.toml"));
    if (change) change(spec);
    Status done;
    lab::inside(info_.switch_space, [&] {
        cluster::etcd::Client etcd({.endpoints = cluster::etcd_endpoints(spec)});
        done = apply_same_version(etcd, spec);
    });
    return done;
}

}  // namespace stoa::app::probe
