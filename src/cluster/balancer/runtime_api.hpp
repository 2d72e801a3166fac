#pragma once
// HAProxy's runtime API: one command per connection to its Unix socket, and what its answers say.
// Any thread; blocks until the deadline at most.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "cluster/balancer/limits.hpp"

namespace stoa::cluster {

class RuntimeApi {
  public:
    explicit RuntimeApi(std::string socket_path, int timeout_ms = limits::balancer_call_ms)
        : path_(std::move(socket_path)), timeout_ms_(timeout_ms) {}

    /// What HAProxy says, without the empty lines at its end. Several commands may be joined by ';'.
    /// Errors: unavailable (it does not run), timeout (it hangs), too_large.
    Result<std::string> call(std::string_view command) const;
    /// For commands that say nothing when they are done. Errors: as above; conflict with HAProxy's words otherwise.
    Status run(std::string_view command) const;

  private:
    std::string path_;
    int timeout_ms_;
};

/// One server of one backend, from `show servers state` and `show stat`.
struct ServerStatus {
    std::string backend, name, address;
    std::uint16_t port = 0;
    bool up = false;
    bool maintenance = false, draining = false;
    bool checks_paused = false;
    bool check_failing = false;      ///< the last check failed, whether or not that made it DOWN
    std::int64_t changed_s = 0;      ///< since it last went up or down
    std::int64_t sessions = 0;       ///< requests that it works on
    std::int64_t passive_downs = 0;  ///< times that failed connections marked it down
    std::string check;               ///< "Layer4 timeout", for people
};

Result<std::vector<ServerStatus>> read_servers(const RuntimeApi& api);
/// Merges the two answers; what is in one only is left out.
std::vector<ServerStatus> parse_servers(std::string_view servers_state, std::string_view stat_csv);

}  // namespace stoa::cluster
