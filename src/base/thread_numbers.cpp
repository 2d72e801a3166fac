#include "base/thread_numbers.hpp"

#include <sched.h>

#include <algorithm>
#include <thread>

#include "base/limits.hpp"

namespace stoa {
namespace {

constexpr int kWorkersPerCore = 4;
constexpr std::size_t kSessionsMin = 4;

}  // namespace

int usable_cores() {
    cpu_set_t usable;
    const bool known = ::sched_getaffinity(0, sizeof usable, &usable) == 0;
    return std::max(1, known ? CPU_COUNT(&usable) : static_cast<int>(std::thread::hardware_concurrency()));
}

void choose_threads(Config& config) {
    const int cores = usable_cores();
    if (config.io_threads <= 0) config.io_threads = cores;
    if (config.workers <= 0) config.workers = kWorkersPerCore * cores;
}

std::size_t database_sessions(const Config& config) {
    if (config.database.connections > 0) return static_cast<std::size_t>(config.database.connections);
    const auto threads = static_cast<std::size_t>(config.io_threads);
    return std::max(kSessionsMin, static_cast<std::size_t>(config.workers) + threads * limits::fibers_running_max);
}

}  // namespace stoa
