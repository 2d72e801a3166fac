#include "cluster/node/supervisor.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

namespace stoa::cluster::node {
namespace {

constexpr int kStopLookMs = 20;

Error no_such(std::string_view service) {
    return not_found("This host has no service " + std::string(service) + ".");
}

}  // namespace

Supervisor::Supervisor(RunnerOptions options) : options_(std::move(options)) {}

Supervisor::~Supervisor() {
    leave();
}

void Supervisor::apply(const HostServices& services) {
    std::vector<Entry> finished;  // goes after the lock: the end of a runner waits for its thread
    const MutexLock lock(mutex_);
    if (!std::exchange(looked_for_left_behind_, true)) add_left_behind();
    take_finished(finished);
    for (Entry& entry : entries_)
        entry.wanted = false;
    std::size_t place = 0;
    for (const Service& service : services.services) {
        runner(service.name).wish(service);
        const auto found = std::find_if(entries_.begin(), entries_.end(),
                                        [&](const Entry& entry) { return entry.name == service.name; });
        found->wanted = true;
        std::rotate(entries_.begin() + static_cast<std::ptrdiff_t>(place++), found, found + 1);
    }
    for (Entry& entry : entries_) {
        if (!entry.wanted) entry.runner->wish(std::nullopt);
    }
}

std::vector<LiveService> Supervisor::live() const {
    const MutexLock lock(mutex_);
    std::vector<LiveService> out;
    for (const Entry& entry : entries_) {
        if (entry.wanted || !entry.runner->finished()) out.push_back(entry.runner->live());
    }
    return out;
}

Status Supervisor::signal(std::string_view service, int signal) {
    const MutexLock lock(mutex_);
    ServiceRunner* found = find(service);
    return found ? found->signal(signal) : no_such(service);
}

Status Supervisor::restart(std::string_view service, std::string_view reason) {
    const MutexLock lock(mutex_);
    ServiceRunner* found = find(service);
    if (!found) return no_such(service);
    found->restart(reason);
    return {};
}

Status Supervisor::kill(std::string_view service, std::string_view reason) {
    const MutexLock lock(mutex_);
    ServiceRunner* found = find(service);
    if (!found) return no_such(service);
    found->kill(reason);
    return {};
}

void Supervisor::leave() {
    std::vector<Entry> entries;
    {
        const MutexLock lock(mutex_);
        entries.swap(entries_);
    }
    for (Entry& entry : entries)
        entry.runner->leave();
}

void Supervisor::stop_all() {
    apply({});
    // Each kills its process after its grace, so this ends; one that hangs in the kernel is left.
    while (true) {
        {
            std::vector<Entry> finished;
            const MutexLock lock(mutex_);
            take_finished(finished);
            const bool hangs = std::all_of(entries_.begin(), entries_.end(), [](const Entry& entry) {
                const LiveService live = entry.runner->live();
                return live.state == ServiceState::stopping && !live.problem.empty();
            });
            if (hangs) return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(kStopLookMs));
    }
}

ServiceRunner* Supervisor::find(std::string_view service) const {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.name == service; });
    return found == entries_.end() ? nullptr : found->runner.get();
}

ServiceRunner& Supervisor::runner(const std::string& service) {
    if (ServiceRunner* found = find(service)) return *found;
    entries_.push_back({service, true, std::make_unique<ServiceRunner>(options_, service)});
    return *entries_.back().runner;
}

/// Services that an earlier agent ran and the list does not name any more.
void Supervisor::add_left_behind() {
    std::error_code error;
    for (std::filesystem::directory_iterator it(options_.work_dir, error), end; !error && it != end;
         it.increment(error)) {
        if (std::filesystem::exists(it->path() / "pid", error)) (void)runner(it->path().filename().string());
    }
}

void Supervisor::take_finished(std::vector<Entry>& to) {
    const auto is_kept = [](const Entry& entry) { return entry.wanted || !entry.runner->finished(); };
    const auto gone = std::stable_partition(entries_.begin(), entries_.end(), is_kept);
    std::move(gone, entries_.end(), std::back_inserter(to));
    entries_.erase(gone, entries_.end());
}

}  // namespace stoa::cluster::node
