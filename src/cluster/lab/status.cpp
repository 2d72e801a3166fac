#include <unistd.h>

#include <fstream>
#include <sstream>

#include "cluster/etcd/client.hpp"
#include "cluster/lab/clock.hpp"
#include "cluster/lab/disturber.hpp"
#include "cluster/lab/host.hpp"
#include "cluster/lab/one_way.hpp"
#include "cluster/lab/store.hpp"
#include "cluster/plan/apply.hpp"

namespace stoa::cluster::lab {
namespace {

std::int64_t memory_of(pid_t pid) {
    std::ifstream rollup("/proc/" + std::to_string(pid) + "/smaps_rollup");
    for (std::string line; std::getline(rollup, line);) {
        if (!line.starts_with("Pss:")) continue;
        std::istringstream words(line.substr(4));
        std::int64_t kib = 0;
        words >> kib;
        return kib * 1024;
    }
    return 0;
}

bool is_stopped(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(stat, line);
    const auto end = line.rfind(") ");
    return end != std::string::npos && line.compare(end + 2, 1, "T") == 0;
}

}  // namespace

Result<std::vector<NodeStatus>> status(const std::string& dir) {
    if (::geteuid() != 0) return forbidden("A lab needs root. Try: sudo stoa lab status");
    STOA_TRY(const LabInfo info, load(dir));
    STOA_TRY(const ClusterSpec spec, load_spec(spec_file(info)));
    ClusterState state;
    inside(info.switch_space, [&] {
        etcd::ClientOptions options{etcd_endpoints(spec)};
        options.deadline_ms = 3'000;
        etcd::Client etcd(options);
        if (auto read = read_state(etcd, spec.name)) state = std::move(*read);
    });
    const auto cut = cut_off_hosts(info.switch_space);
    const auto one_way = one_way_cuts(info.switch_space);
    std::vector<NodeStatus> out;
    for (const LabNode& node : info.nodes) {
        NodeStatus one;
        one.node = node;
        one.agent_runs = agent_runs(info, node);
        if (const auto live = state.live.find(node.name); live != state.live.end()) {
            one.registered = true;
            one.live = live->second;
        }
        bool stopped = false;
        for (const pid_t pid : pids_in(node.name_space)) {
            one.memory_bytes += memory_of(pid);
            stopped = stopped || is_stopped(pid);
        }
        if (stopped) one.faults.emplace_back("stopped");
        if (cut.contains(node.name)) one.faults.emplace_back("cut off");
        for (const char* way : {"deaf", "mute"}) {
            if (one_way.contains(std::string(way) + " " + node.name)) one.faults.emplace_back(way);
        }
        if (clock_is_wrong(info, node)) one.faults.emplace_back("clock");
        for (const Fault kept_up : running_disturbers(info, node))
            one.faults.emplace_back(to_string(kept_up));
        if (is_full(info, node)) one.faults.emplace_back("disk full");
        if (node.role != "client" && !one.agent_runs) one.faults.emplace_back("dead");
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace stoa::cluster::lab
