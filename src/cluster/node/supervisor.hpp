#pragma once
// All services of a host: one ServiceRunner each. Any thread; only leave() and stop_all() wait.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_annotations.hpp"
#include "cluster/node/service_runner.hpp"

namespace stoa::cluster::node {

class Supervisor {
  public:
    explicit Supervisor(RunnerOptions options);
    ~Supervisor();

    /// Starts, restarts and stops until these and only these run; also stops what an earlier agent has left.
    void apply(const HostServices& services) STOA_EXCLUDES(mutex_);

    /// In the order of the list, then those that are still stopping.
    std::vector<LiveService> live() const STOA_EXCLUDES(mutex_);
    Status signal(std::string_view service, int signal) STOA_EXCLUDES(mutex_);
    Status restart(std::string_view service, std::string_view reason) STOA_EXCLUDES(mutex_);
    Status kill(std::string_view service, std::string_view reason) STOA_EXCLUDES(mutex_);

    /// Ends without stopping anything.
    void leave() STOA_EXCLUDES(mutex_);
    /// Stops all services, together; takes their longest grace.
    void stop_all() STOA_EXCLUDES(mutex_);

  private:
    struct Entry {
        std::string name;
        bool wanted = false;
        std::unique_ptr<ServiceRunner> runner;
    };

    ServiceRunner* find(std::string_view service) const STOA_REQUIRES(mutex_);
    ServiceRunner& runner(const std::string& service) STOA_REQUIRES(mutex_);
    void add_left_behind() STOA_REQUIRES(mutex_);
    void take_finished(std::vector<Entry>& to) STOA_REQUIRES(mutex_);

    const RunnerOptions options_;
    mutable Mutex mutex_;
    std::vector<Entry> entries_ STOA_GUARDED_BY(mutex_);
    bool looked_for_left_behind_ STOA_GUARDED_BY(mutex_) = false;
};

}  // namespace stoa::cluster::node
