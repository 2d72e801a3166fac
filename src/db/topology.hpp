#pragma once
// Topology: which database servers there are. The driver finds out for itself what each is (it asks them); a topology
// may say more, when something decides roles (an election): then nobody else is taken for the primary.
// Any thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/engine_url.hpp"

namespace stoa::db {

struct ServerAddress {
    std::string host;        ///< IP literal, host name, or the path of a unix socket
    std::uint16_t port = 0;  ///< 0 for a socket
    bool operator==(const ServerAddress&) const = default;
    std::string printable() const { return port == 0 ? host : host + ":" + std::to_string(port); }
};

struct TopologyView {
    std::vector<ServerAddress> servers;    ///< in order of preference
    std::optional<ServerAddress> primary;  ///< decided by somebody who elects; nothing: whoever accepts writes
    std::optional<ServerAddress> next{};   ///< is being promoted: the primary as soon as it accepts writes
};

class Topology {
  public:
    virtual ~Topology() = default;
    /// May block for a DNS query, so it is asked on the driver's own thread, about once a second.
    virtual TopologyView view() = 0;
    /// `changed` is called, from any thread, when view() would say something new: the driver looks at once instead of
    /// within a second. A null function ends that; once this returns no earlier one is called any more.
    virtual void on_change(std::function<void()> changed) { (void)changed; }
};

/// The hosts of the configuration; names are resolved anew each time, each of their addresses is a server.
std::unique_ptr<Topology> static_topology(std::vector<EngineUrl::Host> hosts);

}  // namespace stoa::db
