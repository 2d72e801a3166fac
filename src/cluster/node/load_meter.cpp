#include "cluster/node/load_meter.hpp"

#include <sys/statvfs.h>
#include <unistd.h>

#include <sstream>
#include <utility>

#include "base/clock.hpp"
#include "base/file_util.hpp"

namespace stoa::cluster::node {
namespace {

constexpr std::size_t kProcBytesMax = 64 * 1024;
constexpr std::size_t kProcessesMax = 4096;

struct Usage {
    std::int64_t ticks = 0, pages = 0;
};

bool read_usage(pid_t pid, Usage& usage) {
    constexpr int kUserTime = 11, kSystemTime = 12, kResident = 21;  // after "pid (name) "
    const auto text = read_file("/proc/" + std::to_string(pid) + "/stat", kProcBytesMax);
    const std::size_t end = text ? text->rfind(')') : std::string::npos;
    if (end == std::string::npos) return false;
    std::istringstream fields(text->substr(end + 1));
    std::string field;
    for (int i = 0; fields >> field && i <= kResident; ++i) {
        if (i == kUserTime || i == kSystemTime) usage.ticks += std::stoll(field);
        if (i == kResident) usage.pages = std::stoll(field);
    }
    return true;
}

/// Those that its main thread has started; enough for the engines we run, and cheap.
std::vector<pid_t> children_of(pid_t pid) {
    const std::string id = std::to_string(pid);
    std::vector<pid_t> out;
    std::istringstream list(read_file("/proc/" + id + "/task/" + id + "/children", kProcBytesMax).value_or(""));
    for (pid_t child = 0; list >> child;)
        out.push_back(child);
    return out;
}

}  // namespace

LoadMeter::LoadMeter(std::string work_dir) : work_dir_(std::move(work_dir)) {}

Load LoadMeter::measure(const std::vector<pid_t>& pids) {
    Load load;
    std::vector<pid_t> all = pids;
    std::map<pid_t, std::int64_t> ticks;
    std::int64_t used_ticks = 0;
    for (std::size_t i = 0; i < all.size() && i < kProcessesMax; ++i) {
        Usage usage;
        if (all[i] <= 0 || !read_usage(all[i], usage)) continue;
        const auto before = ticks_.find(all[i]);
        if (measured_us_ != 0) used_ticks += usage.ticks - (before == ticks_.end() ? 0 : before->second);
        ticks[all[i]] = usage.ticks;
        load.memory_bytes += usage.pages * ::sysconf(_SC_PAGESIZE);
        for (const pid_t child : children_of(all[i]))
            all.push_back(child);
    }
    const std::int64_t now_us = system_clock().monotonic_us();
    if (measured_us_ != 0 && now_us > measured_us_ && used_ticks > 0) {
        const double used_s = static_cast<double>(used_ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
        load.cpu = used_s * 1e6 / static_cast<double>(now_us - measured_us_);
    }
    measured_us_ = now_us;
    ticks_ = std::move(ticks);
    struct statvfs disk {};
    if (::statvfs(work_dir_.c_str(), &disk) == 0) {
        load.disk_free_bytes = static_cast<std::int64_t>(disk.f_bavail) * static_cast<std::int64_t>(disk.f_frsize);
    }
    return load;
}

}  // namespace stoa::cluster::node
