#include "cluster/lab/host.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/fd.hpp"
#include "base/file_util.hpp"
#include "base/toml_tree.hpp"
#include "cluster/lab/clock.hpp"
#include "cluster/lab/command.hpp"
#include "cluster/lab/layout.hpp"
#include "cluster/lab/store.hpp"
#include "cluster/state/service.hpp"

namespace stoa::cluster::lab {
namespace {

constexpr off_t kVolumeBytes = off_t{2} << 30;  // sparse: what is not used takes no place
/// Sparse, as all of them. Files that are deleted stay for a day: one drill stores 200 MB a time.
constexpr off_t kFilesVolumeBytes = off_t{8} << 30;
constexpr const char* kFiller = "/disk-full";

bool is_mount(const std::string& dir) {
    std::ifstream mounts("/proc/self/mounts");
    for (std::string line; std::getline(mounts, line);) {
        if (line.find(" " + dir + " ") != std::string::npos) return true;
    }
    return false;
}

}  // namespace

bool has_volume(std::string_view role) {
    return role == "db" || role == "redis" || role == "web" || role == "files";
}

Status make_host_dir(const LabInfo& info, const LabNode& node) {
    const std::string dir = host_dir(info, node.name);
    STOA_CHECK(make_dir(dir, 0700));
    if (!has_volume(node.role) || is_mount(dir)) return {};
    STOA_CHECK(make_dir(info.dir + "/volumes", 0700));
    const std::string image = info.dir + "/volumes/" + node.name;
    if (::access(image.c_str(), F_OK) != 0) {
        const Fd file(::open(image.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        if (!file || ::ftruncate(file.get(), node.role == "files" ? kFilesVolumeBytes : kVolumeBytes) != 0)
            return internal_error("Cannot write " + image + ": " + std::strerror(errno));
        STOA_CHECK(
            run_well({{"mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,nodiscard", "-O", "^has_journal", image}}));
    }
    STOA_CHECK(run_well({{"mount", "-o", "loop,noatime", image, dir}}));
    return {};
}

Status write_host_files(const LabInfo& info, const LabNode& node, const ClusterSpec& spec,
                        const std::vector<Service>& services) {
    const std::string dir = host_dir(info, node.name);
    std::string text = "cluster = " + toml_quoted(spec.name) + "\nname = " + toml_quoted(node.name) +
                       "\nrole = " + toml_quoted(node.role) + "\naddress = " + toml_quoted(node.address) + "\netcd = [";
    const auto endpoints = etcd_endpoints(spec);
    for (const std::string& endpoint : endpoints)
        text += (&endpoint == &endpoints.front() ? "" : ", ") + toml_quoted(endpoint);
    text += "]\nwork_dir = " + toml_quoted(dir) + "\nsecrets_dir = " + toml_quoted(secrets_dir(info)) +
            "\nmetrics = " + toml_quoted(node.address + ":9100") +
            "\nservices_file = " + toml_quoted(dir + "/first.json") + "\n";
    STOA_CHECK(write_file_atomic(dir + "/node.toml", text, 0600));
    HostServices first;
    first.revision = 1;
    first.services = services;
    return write_file_atomic(dir + "/first.json", to_json(first), 0600);
}

Result<pid_t> start_agent(const LabInfo& info, const LabNode& node) {
    const std::string dir = host_dir(info, node.name);
    Command agent{{info.program, "node", "--config", dir + "/node.toml"}, {}, node.name_space};
    if (has_own_clock(info, node)) {
        STOA_CHECK(set_clock(info, node, 0));
        agent.argv = with_own_clock(info, node, agent.argv);
    }
    STOA_TRY(const pid_t pid, launch(agent, dir + "/agent.log"));
    STOA_CHECK(write_file_atomic(dir + "/agent.pid", std::to_string(pid) + "\n"));
    return pid;
}

/// By the process's own words, because numbers are given again.
bool agent_runs(const LabInfo& info, const LabNode& node) {
    if (node.pid <= 0) return false;
    std::ifstream file("/proc/" + std::to_string(node.pid) + "/cmdline", std::ios::binary);
    const std::string words((std::istreambuf_iterator<char>(file)), {});
    return words.find(host_dir(info, node.name) + "/node.toml") != std::string::npos;
}

std::vector<std::string> mounts_below(const std::string& dir) {
    std::vector<std::string> found;
    std::ifstream mounts("/proc/self/mounts");
    for (std::string line; std::getline(mounts, line);) {
        const auto begin = line.find(' ') + 1;
        std::string path = line.substr(begin, line.find(' ', begin) - begin);
        if (path == dir || path.starts_with(dir + "/")) found.push_back(std::move(path));
    }
    return found;
}

void unmount_below(const std::string& dir) {
    const auto found = mounts_below(dir);
    for (auto it = found.rbegin(); it != found.rend(); ++it) {
        if (::umount2(it->c_str(), 0) != 0) ::umount2(it->c_str(), MNT_DETACH);
    }
}

Status fill_volume(const LabInfo& info, const LabNode& node) {
    const std::string path = host_dir(info, node.name) + kFiller;
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (!file) return internal_error("Cannot write " + path + ": " + std::strerror(errno));
    // Blocks are taken without being written; smaller and smaller until nothing fits.
    off_t size = 0;
    for (off_t step = off_t{1} << 28; step >= 1024;) {
        if (::posix_fallocate(file.get(), size, step) == 0) {
            size += step;
        } else {
            step /= 4;
        }
    }
    return {};
}

bool is_full(const LabInfo& info, const LabNode& node) {
    return ::access((host_dir(info, node.name) + kFiller).c_str(), F_OK) == 0;
}

void empty_volume(const LabInfo& info, const LabNode& node) {
    ::unlink((host_dir(info, node.name) + kFiller).c_str());
}

NetworkHost network_host(const LabInfo& info, const LabNode& node) {
    NetworkHost host{node.name, node.name_space, "", ""};
    if (node.role == "client") {
        host.front = node.address;
        return host;
    }
    host.back = node.address;
    if (node.role == "lb")
        host.front = front(info.network, std::stoi(node.address.substr(node.address.rfind('.') + 1)));
    return host;
}

}  // namespace stoa::cluster::lab
