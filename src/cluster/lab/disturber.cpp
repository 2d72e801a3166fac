#include "cluster/lab/disturber.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/clock.hpp"
#include "base/thread_numbers.hpp"
#include "cluster/lab/command.hpp"
#include "cluster/lab/disk_stall.hpp"
#include "cluster/lab/host.hpp"
#include "cluster/lab/layout.hpp"
#include "cluster/lab/slow_link.hpp"
#include "cluster/lab/store.hpp"

namespace stoa::cluster::lab {
namespace {

constexpr Fault kKinds[] = {Fault::disk_slow, Fault::net_slow, Fault::busy};
constexpr int kFrozenMs = 250, kThawedMs = 100;  ///< a slow disk: nothing is written, then a little
constexpr int kBusyMs = 95, kIdleMs = 5;         ///< 95 % of each core
constexpr int kEndMs = 3'000;

std::atomic<bool> told_to_stop{false};
bool stopping() {
    return told_to_stop;
}

void pause(int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

/// By the processes' own words: numbers are given again.
std::vector<pid_t> disturbers_of(const LabInfo& info, const LabNode& node, Fault fault) {
    std::vector<pid_t> found;
    for (const pid_t pid : pids_in(info.switch_space)) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary);
        const std::string words((std::istreambuf_iterator<char>(file)), {});
        const std::string wanted = std::string("disturb") + '\0' + node.name + '\0' + std::string(to_string(fault));
        if (words.find(wanted) != std::string::npos) found.push_back(pid);
    }
    return found;
}

Status write_slowly(const std::string& volume) {
    while (!stopping()) {
        STOA_CHECK(freeze_volume(volume));
        pause(kFrozenMs);
        STOA_CHECK(thaw_volume(volume));
        pause(kThawedMs);
    }
    return {};
}

void burn() {
    while (!stopping()) {
        const auto until_us = system_clock().monotonic_us() + kBusyMs * 1'000LL;
        while (system_clock().monotonic_us() < until_us && !stopping()) {
        }
        pause(kIdleMs);
    }
}

}  // namespace

Status start_disturber(const LabInfo& info, const LabNode& node, Fault fault) {
    if (std::find(std::begin(kKinds), std::end(kKinds), fault) == std::end(kKinds))
        return invalid("Nobody has to keep that fault up.", "fault");
    STOA_CHECK(launch({{info.program, "lab", "disturb", node.name, std::string(to_string(fault)), "--dir", info.dir},
                       {},
                       info.switch_space},
                      info.dir + "/disturb.log"));
    return {};
}

void stop_disturbers(const LabInfo& info, const LabNode& node) {
    for (const Fault kind : kKinds) {
        const auto deadline_us = system_clock().monotonic_us() + kEndMs * 1'000LL;
        for (auto left = disturbers_of(info, node, kind); !left.empty(); left = disturbers_of(info, node, kind)) {
            const bool late = system_clock().monotonic_us() > deadline_us;
            for (const pid_t pid : left)
                ::kill(pid, late ? SIGKILL : SIGTERM);
            pause(20);
        }
    }
}

std::vector<Fault> running_disturbers(const LabInfo& info, const LabNode& node) {
    std::vector<Fault> running;
    for (const Fault kind : kKinds) {
        if (!disturbers_of(info, node, kind).empty()) running.push_back(kind);
    }
    return running;
}

Status disturb(const std::string& dir, const std::string& host, Fault fault) {
    STOA_TRY(const LabInfo info, load(dir));
    const LabNode* node = info.node(host);
    if (!node) return not_found("There is no host " + host + " in this lab.");
    struct sigaction action {};
    action.sa_handler = [](int) { told_to_stop = true; };
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
    if (fault == Fault::disk_slow) return write_slowly(host_dir(info, host));
    if (fault == Fault::net_slow) return carry_slowly({host, node->name_space}, stopping);
    std::vector<std::thread> burners;
    for (int i = 0; i < usable_cores(); ++i)
        burners.emplace_back(burn);
    for (std::thread& one : burners)
        one.join();
    return {};
}

}  // namespace stoa::cluster::lab
