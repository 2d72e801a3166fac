#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "cluster/etcd/client.hpp"
#include "cluster/lab/clock.hpp"
#include "cluster/lab/command.hpp"
#include "cluster/lab/disk_stall.hpp"
#include "cluster/lab/disturber.hpp"
#include "cluster/lab/fault_table.hpp"
#include "cluster/lab/host.hpp"
#include "cluster/lab/layout.hpp"
#include "cluster/lab/one_way.hpp"
#include "cluster/lab/store.hpp"
#include "cluster/plan/apply.hpp"

namespace stoa::cluster::lab {
namespace {

constexpr int kClockWrongS = 420;

struct Target {
    std::string host, service;
};
Target parse_target(const std::string& text) {
    const auto slash = text.find('/');
    if (slash == std::string::npos) return {text, ""};
    return {text.substr(0, slash), text.substr(slash + 1)};
}

std::string names_of(const LabInfo& info) {
    std::string out;
    for (const LabNode& node : info.nodes)
        out += (out.empty() ? "" : ", ") + node.name;
    return out;
}

Result<LabNode> node_of(const LabInfo& info, const std::string& name) {
    const LabNode* node = info.node(name);
    if (!node) return not_found("There is no host " + name + " in this lab. There are " + names_of(info) + ".");
    if (node->role == "client") return invalid(name + " is the client, it runs nothing.", "name");
    return *node;
}

/// Its main process, as the agent says.
Result<pid_t> service_pid(const LabInfo& info, const std::string& host, const std::string& service) {
    STOA_TRY(const ClusterSpec spec, load_spec(spec_file(info)));
    Result<ClusterState> state = internal_error("");
    inside(info.switch_space, [&] {
        etcd::Client etcd({etcd_endpoints(spec)});
        state = read_state(etcd, spec.name);
    });
    if (!state) return state.error();
    const auto live = state->live.find(host);
    if (live == state->live.end()) return not_found(host + " is not registered, so its processes are not known.");
    const LiveService* its = live->second.service(service);
    if (!its) {
        std::string names;
        for (const LiveService& one : live->second.services)
            names += (names.empty() ? "" : ", ") + one.name;
        return not_found(host + " has no service " + service + ". It has " + names + ".");
    }
    if (its->pid <= 0) return not_found(host + "/" + service + " does not run.");
    return its->pid;
}

/// The process and those it started: each service has a process group of its own.
void signal_group(pid_t pid, int signal) {
    if (::getpgid(pid) == pid) {
        ::kill(-pid, signal);
    } else {
        ::kill(pid, signal);
    }
}

/// A machine that died does not have it when it starts again; a namespace would, and answer for it.
void forget_floating_address(const LabInfo& info, const LabNode& node) {
    std::string address = info.url.substr(std::min(info.url.size(), info.url.find("://") + 3));
    address = address.substr(0, address.find_first_of(":/"));
    (void)run({{"ip", "addr", "flush", "dev", "front", "to", address + "/32"}, {}, node.name_space, 5'000});
}

Status signal_target(const LabInfo& info, const LabNode& node, const std::string& service, int signal) {
    if (!service.empty()) {
        STOA_TRY(const pid_t pid, service_pid(info, node.name, service));
        signal_group(pid, signal);
        return {};
    }
    // The agent first: it would take the death of the others for a reason to start them again.
    if (agent_runs(info, node)) ::kill(node.pid, signal);
    if (signal == SIGKILL) {
        if (!kill_all(node.name_space)) return Error{Errc::timeout, "Processes of " + node.name + " do not end."};
        if (node.role == "lb") forget_floating_address(info, node);
        return {};
    }
    for (const pid_t pid : pids_in(node.name_space))
        ::kill(pid, signal);
    return {};
}

}  // namespace

Status kill(const std::string& dir, const std::string& target, Fault fault) {
    if (::geteuid() != 0) return forbidden("A lab needs root. Try: sudo stoa lab kill");
    STOA_TRY(const LabInfo info, load(dir));
    const Target parsed = parse_target(target);
    STOA_TRY(const LabNode node, node_of(info, parsed.host));
    if (!parsed.service.empty() && row_of(fault).whole_host)
        return invalid("That is done to a whole host: " + parsed.host, "name");
    if (row_of(fault).needs_volume && !has_volume(node.role))
        return invalid(node.name + " has no volume of its own; db, redis, web and files hosts have.", "name");
    switch (fault) {
        case Fault::kill:
            return signal_target(info, node, parsed.service, SIGKILL);
        case Fault::stop:
            return signal_target(info, node, parsed.service, SIGSTOP);
        case Fault::net:
            return cut_off(info.switch_space, network_host(info, node));
        case Fault::deaf:
            return cut_one_way(info.switch_space, node.name, OneWay::deaf);
        case Fault::mute:
            return cut_one_way(info.switch_space, node.name, OneWay::mute);
        case Fault::disk_full:
            return fill_volume(info, node);
        case Fault::disk_stall:
            return freeze_volume(host_dir(info, node.name));
        case Fault::clock_ahead:
            return set_clock(info, node, kClockWrongS);
        case Fault::clock_behind:
            return set_clock(info, node, -kClockWrongS);
        case Fault::disk_slow:
        case Fault::net_slow:
        case Fault::busy:
            return start_disturber(info, node, fault);
    }
    return {};
}

Status end_kept_up_faults(const LabInfo& info, const LabNode& node) {
    stop_disturbers(info, node);
    end_one_way(info.switch_space, node.name);
    return has_volume(node.role) ? thaw_volume(host_dir(info, node.name)) : Status();
}

Status heal_host(LabInfo& info, const std::string& name) {
    STOA_TRY(LabNode node, node_of(info, name));
    STOA_CHECK(end_kept_up_faults(info, node));
    if (has_own_clock(info, node)) STOA_CHECK(set_clock(info, node, 0));
    STOA_CHECK(connect_again(info.switch_space, network_host(info, node)));
    empty_volume(info, node);
    for (const pid_t pid : pids_in(node.name_space))
        ::kill(pid, SIGCONT);
    if (agent_runs(info, node)) return {};
    STOA_CHECK(make_host_dir(info, node));
    STOA_TRY(const pid_t pid, start_agent(info, node));
    for (LabNode& one : info.nodes) {
        if (one.name == name) one.pid = pid;
    }
    return save(info);
}

Status heal(const std::string& dir, const std::string& node) {
    if (::geteuid() != 0) return forbidden("A lab needs root. Try: sudo stoa lab heal");
    STOA_TRY(const Fd lock, lock_lab(absolute_dir(dir)));
    STOA_TRY(LabInfo info, load(dir));
    return heal_host(info, node);
}

}  // namespace stoa::cluster::lab
