#include "measured.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

namespace stoa::bench {
namespace {

constexpr std::size_t kMessageBytes = 128;

double cpu_s_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    std::string field;
    double ticks = 0;
    for (int i = 3; i <= 15 && fields >> field; ++i) {
        if (i >= 14) ticks += std::atof(field.c_str());
    }
    return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double private_kib_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    std::string line;
    while (std::getline(file, line)) {
        if (line.rfind("Pss:", 0) == 0) return std::atof(line.c_str() + 4);
    }
    return 0;
}

}  // namespace

std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

double percentile_ms(std::vector<std::int64_t>& took_ns, double part) {
    if (took_ns.empty()) return 0;
    const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(took_ns.size() - 1));
    std::nth_element(took_ns.begin(), took_ns.begin() + at, took_ns.end());
    return static_cast<double>(took_ns[static_cast<std::size_t>(at)]) / 1e6;
}

std::string message_text(std::int64_t number) {
    std::string text = "@" + std::to_string(now_ns()) + ":" + std::to_string(number) + "@";
    text.resize(std::max(text.size(), kMessageBytes), 'x');
    return text;
}

bool find_message(std::string_view frame, Message& out) {
    const auto at = frame.find('@');
    if (at == std::string_view::npos) return false;
    const std::string head(frame.substr(at + 1, 48));
    char* end = nullptr;
    out.sent_ns = std::strtoll(head.c_str(), &end, 10);
    if (*end != ':') return false;
    out.number = std::strtoll(end + 1, &end, 10);
    return *end == '@';
}

void Deliveries::add(const Message& message, std::int64_t& last) {
    took_ns_.push_back(now_ns() - message.sent_ns);
    if (message.number <= last) ++doubled_;
    last = std::max(last, message.number);
}

ProcessCost cost_of(const std::vector<pid_t>& pids) {
    ProcessCost cost;
    for (const pid_t pid : pids) {
        const ProcessCost one = cost_of(pid);
        cost.cpu_s += one.cpu_s;
        cost.private_kib += one.private_kib;
    }
    return cost;
}

ProcessCost cost_of(pid_t pid) {
    ProcessCost cost{cpu_s_of(pid), private_kib_of(pid)};
    std::ifstream children("/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children");
    pid_t child = 0;
    while (children >> child) {
        const ProcessCost of_child = cost_of(child);
        cost.cpu_s += of_child.cpu_s;
        cost.private_kib += of_child.private_kib;
    }
    return cost;
}

}  // namespace stoa::bench
