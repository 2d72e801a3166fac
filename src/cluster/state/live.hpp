#pragma once
// What a host's agent says about it, in etcd under a lease: gone within seconds when the host is. Plain data.

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace stoa::cluster {

enum class ServiceState : std::uint8_t { stopped, preparing, starting, well, sick, restarting, stopping };

struct LiveService {
    std::string name;
    ServiceState state = ServiceState::stopped;
    int pid = 0;
    int restarts = 0;     ///< since the agent started
    std::string version;  ///< what the service says of itself, when it does
    std::string config_hash;
    std::string problem;  ///< why it is not well
};

struct Load {
    double cpu = 0;  ///< of the host's services together, in cores
    std::int64_t memory_bytes = 0;
    std::int64_t disk_free_bytes = 0;
};

struct LiveHost {
    std::string name;
    std::string role;
    std::string address;  ///< in the back network
    std::string agent_version;
    int agent_pid = 0;
    std::string metrics_url;    ///< of the agent
    std::int64_t revision = 0;  ///< of the services that it carries out
    Load load;
    std::vector<LiveService> services;

    const LiveService* service(std::string_view name) const;
};

std::string to_json(const LiveHost& host);
Result<LiveHost> live_host_from_json(std::string_view text);
std::string_view to_string(ServiceState state);

/// Which web hosts may take requests: those whose version and configuration hash are listed. One pair normally, more
/// while a rollout is declared.
struct Release {
    struct Allowed {
        std::string version, config_hash;
        bool operator==(const Allowed&) const = default;
    };
    std::vector<Allowed> allowed;
    bool rollout = false;

    /// Empty when allowed; else the reason, for people: "has version 0.3.0, the cluster 0.2.0".
    std::string refuses(std::string_view version, std::string_view config_hash) const;
};
std::string to_json(const Release& release);
Result<Release> release_from_json(std::string_view text);

struct Drain {
    std::string reason;
    std::int64_t since_s = 0;
};
std::string to_json(const Drain& drain);
Result<Drain> drain_from_json(std::string_view text);

}  // namespace stoa::cluster
