#pragma once
// What the services of a host take, from /proc, and what its disk has left. One thread.

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cluster/state/live.hpp"

namespace stoa::cluster::node {

class LoadMeter {
  public:
    explicit LoadMeter(std::string work_dir);
    /// Of these processes and those they have started. CPU since the last call; 0 at the first.
    Load measure(const std::vector<pid_t>& pids);

  private:
    const std::string work_dir_;
    std::map<pid_t, std::int64_t> ticks_;  ///< CPU time so far, of each process
    std::int64_t measured_us_ = 0;
};

}  // namespace stoa::cluster::node
