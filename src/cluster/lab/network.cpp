#include "cluster/lab/network.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <thread>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "cluster/lab/command.hpp"
#include "cluster/lab/lab.hpp"
#include "cluster/lab/layout.hpp"

namespace stoa::cluster::lab {
namespace {

constexpr const char* kSpaces = "/run/netns";

Status ip(const std::string& name_space, const std::string& lines) {
    Command command{{"ip", "-batch", "-"}, lines, {}, 20'000};
    if (!name_space.empty()) command.argv = {"ip", "-n", name_space, "-batch", "-"};
    STOA_CHECK(run_well(command));
    return {};
}

/// Of the way in, on this machine.
std::string own_interface(const std::string& id) {
    return "stoa-" + id;
}

/// Interfaces of a host, made from the switch's side. Names there: b-web1, f-lb1; at most 15 letters.
std::string plug(const NetworkHost& host) {
    std::string out;
    for (const char* side : {"back", "front"}) {
        const bool is_back = side[0] == 'b';
        if ((is_back ? host.back : host.front).empty()) continue;
        const std::string port = std::string(1, side[0]) + "-" + host.name;
        out += "link add " + port + " type veth peer name " + side + " netns " + host.name_space + "\n";
        out += "link set " + port + " master " + side + " up\n";
    }
    return out;
}

std::string ports(const NetworkHost& host, const std::string& back, const std::string& front) {
    std::string out;
    if (!host.back.empty()) out += "link set b-" + host.name + " " + back + "\n";
    if (!host.front.empty()) out += "link set f-" + host.name + " " + front + "\n";
    return out;
}

std::string addresses(const NetworkHost& host) {
    std::string out = "link set lo up\n";
    if (!host.back.empty()) out += "addr add " + host.back + "/24 dev back\nlink set back up\n";
    if (!host.front.empty()) out += "addr add " + host.front + "/24 dev front\nlink set front up\n";
    return out;
}

}  // namespace

Result<int> choose_network(int asked) {
    STOA_TRY(const std::string routes, run_well({{"ip", "-4", "route", "show", "table", "all"}, {}, {}, 5'000}));
    const auto taken = [&routes](int number) {
        return routes.find("10." + std::to_string(number) + ".") != std::string::npos;
    };
    if (asked != 0) {
        if (asked < 1 || asked > 254) return invalid("The network is a number from 1 to 254: 10.N.0.0/16.", "network");
        if (taken(asked))
            return Error{Errc::conflict,
                         "10." + std::to_string(asked) +
                             ".0.0/16 is in use on this machine (ip route). "
                             "Choose another: --network 110",
                         "network"};
        return asked;
    }
    for (int number = 98; number < 128; ++number) {
        if (!taken(number)) return number;
    }
    return Error{Errc::conflict, "10.98.0.0/16 to 10.127.0.0/16 are all in use on this machine (ip route)."};
}

Status make_network(const Network& network) {
    std::string lines = "netns add " + network.switch_space + "\n";
    for (const NetworkHost& host : network.hosts)
        lines += "netns add " + host.name_space + "\n";
    lines += "link add " + own_interface(network.id) + " type veth peer name root netns " + network.switch_space + "\n";
    lines += "addr add " + front(network.number, 254) + "/24 dev " + own_interface(network.id) + "\n";
    lines += "link set " + own_interface(network.id) + " up\n";
    STOA_CHECK(ip("", lines));

    lines = "link set lo up\n";
    for (const char* bridge : {"front", "back"})
        lines += std::string("link add ") + bridge + " type bridge forward_delay 0\nlink set " + bridge + " up\n";
    lines += "addr add " + back(network.number, 1) + "/24 dev back\n";
    lines += "addr add " + front(network.number, 1) + "/24 dev front\n";
    lines += "link set root master front up\n";
    for (const NetworkHost& host : network.hosts)
        lines += plug(host);
    STOA_CHECK(ip(network.switch_space, lines));
    for (const NetworkHost& host : network.hosts)
        STOA_CHECK(ip(host.name_space, addresses(host)));
    return {};
}

Status add_host(const Network& network, const NetworkHost& host) {
    // What is left of a host of that name: of a try that broke off, or because the kernel takes its time.
    remove_space(host.name_space);
    for (const char* side : {"b-", "f-"})
        (void)run({{"ip", "link", "delete", side + host.name}, {}, network.switch_space, 10'000});
    STOA_CHECK(ip("", "netns add " + host.name_space + "\n"));
    Status plugged = ip(network.switch_space, plug(host));
    if (plugged) plugged = ip(host.name_space, addresses(host));
    if (!plugged) remove_space(host.name_space);
    return plugged;
}

void remove_space(const std::string& name_space) {
    if (::access((std::string(kSpaces) + "/" + name_space).c_str(), F_OK) != 0) return;
    (void)run({{"ip", "netns", "delete", name_space}, {}, {}, 10'000});
}

std::vector<std::string> spaces(const std::string& prefix) {
    std::vector<std::string> found;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(kSpaces, none)) {
        std::string name = entry.path().filename().string();
        if (name.starts_with(prefix)) found.push_back(std::move(name));
    }
    std::sort(found.begin(), found.end());
    return found;
}

std::vector<pid_t> pids_in(const std::string& name_space) {
    std::vector<pid_t> found;
    struct stat wanted {};
    if (::stat((std::string(kSpaces) + "/" + name_space).c_str(), &wanted) != 0) return found;
    DIR* proc = ::opendir("/proc");
    if (!proc) return found;
    while (const dirent* entry = ::readdir(proc)) {
        if (!std::isdigit(static_cast<unsigned char>(entry->d_name[0]))) continue;
        struct stat its {};
        const std::string link = std::string("/proc/") + entry->d_name + "/ns/net";
        if (::stat(link.c_str(), &its) == 0 && its.st_ino == wanted.st_ino && its.st_dev == wanted.st_dev)
            found.push_back(static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10)));
    }
    ::closedir(proc);
    return found;
}

bool kill_all(const std::string& name_space, int timeout_ms) {
    const std::int64_t deadline = system_clock().monotonic_us() + std::int64_t{timeout_ms} * 1000;
    for (;;) {
        const std::vector<pid_t> pids = pids_in(name_space);
        if (pids.empty()) return true;
        for (const pid_t pid : pids)
            ::kill(pid, SIGKILL);
        if (system_clock().monotonic_us() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

Status cut_off(const std::string& switch_space, const NetworkHost& host) {
    return ip(switch_space, ports(host, "nomaster", "nomaster"));
}

Status connect_again(const std::string& switch_space, const NetworkHost& host) {
    return ip(switch_space, ports(host, "master back", "master front"));
}

std::set<std::string> cut_off_hosts(const std::string& switch_space) {
    std::set<std::string> found;
    const auto links = run_well({{"ip", "-n", switch_space, "-o", "link", "show", "type", "veth"}, {}, {}, 10'000});
    if (!links) return found;
    for (std::size_t begin = 0; begin < links->size();) {
        const auto end = std::min(links->find('\n', begin), links->size());
        const std::string line = links->substr(begin, end - begin);  // "7: b-web1@if2: <…> mtu 1500 … master back …"
        begin = end + 1;
        const auto name = line.find(": ");
        const auto name_end = line.find('@', name);
        if (name == std::string::npos || name_end == std::string::npos) continue;
        if (line.find(" master ") == std::string::npos && line.compare(name + 3, 1, "-") == 0)
            found.insert(line.substr(name + 4, name_end - name - 4));
    }
    return found;
}

Status enter(const std::string& name_space) {
    const Fd space(::open((std::string(kSpaces) + "/" + name_space).c_str(), O_RDONLY | O_CLOEXEC));
    if (!space) return not_found("The namespace " + name_space + " is not there.");
    if (::setns(space.get(), CLONE_NEWNET) != 0)
        return forbidden(std::string("Cannot enter a namespace: ") + std::strerror(errno) + ". Labs need root.");
    return {};
}

void inside(const std::string& name_space, const std::function<void()>& work) {
    std::thread([&] {
        if (enter(name_space)) work();
    }).join();
}

}  // namespace stoa::cluster::lab
