#pragma once
// Inside Servers only: what it keeps of one server, shared by servers.cpp (topology, sessions), servers_probe.cpp
// (looking at servers, choosing the primary) and servers_await.cpp (commits that wait for replicas).

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "db/mariadb/servers.hpp"

namespace stoa::db::mariadb {

inline constexpr std::int64_t kProbeSoonUs = 30'000;     ///< between looks while there is no primary
inline constexpr std::int64_t kProbeCallUs = 1'000'000;  ///< a server that takes longer counts as down
inline constexpr std::size_t kPurposes = 3;

inline std::int64_t now_us() {
    return system_clock().monotonic_us();
}

class Servers::Server {
  public:
    Server(ServerAddress where, std::uint64_t number) : address(std::move(where)), group(number) {}

    const ServerAddress address;
    const std::uint64_t group;

    // Guarded by Servers::mutex_.
    Role role = Role::unknown;
    GtidPosition position;
    std::int64_t lag_us = 0;
    std::string problem;
    bool wanted = true;  ///< still in the topology
    bool probe_now = false;
    std::int64_t down_since_us = 0;                 ///< 0: it is not
    std::array<std::size_t, kPurposes> sessions{};  ///< open, idle or not
    std::array<std::vector<std::unique_ptr<Connection>>, kPurposes> idle;
    CondVar probe_wake;
    std::thread thread;

    // The probing thread's own.
    std::unique_ptr<Connection> probe;
};

/// What one look at a server found.
struct Servers::Probe {
    Role role = Role::down;
    GtidPosition position;
    std::string problem;
};

}  // namespace stoa::db::mariadb
