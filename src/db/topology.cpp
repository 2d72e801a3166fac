#include "db/topology.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace stoa::db {
namespace {

constexpr std::uint16_t kMariadbPort = 3306;

class StaticTopology final : public Topology {
  public:
    explicit StaticTopology(std::vector<EngineUrl::Host> hosts) : hosts_(std::move(hosts)) {}

    TopologyView view() override {
        TopologyView view;
        for (const auto& host : hosts_) {
            if (host.name.starts_with('/')) {
                view.servers.push_back({host.name, 0});
                continue;
            }
            const std::uint16_t port = host.port == 0 ? kMariadbPort : host.port;
            for (auto& address : resolve(host.name)) {
                const ServerAddress server{std::move(address), port};
                if (std::find(view.servers.begin(), view.servers.end(), server) == view.servers.end()) {
                    view.servers.push_back(server);
                }
            }
        }
        return view;
    }

  private:
    /// The name itself when it cannot be resolved now: connecting will say so.
    static std::vector<std::string> resolve(const std::string& name) {
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return {name};
        std::vector<std::string> addresses;
        for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
            std::array<char, NI_MAXHOST> text{};
            if (::getnameinfo(at->ai_addr, at->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) == 0) {
                addresses.emplace_back(text.data());
            }
        }
        ::freeaddrinfo(found);
        std::sort(addresses.begin(), addresses.end());
        return addresses;
    }

    std::vector<EngineUrl::Host> hosts_;
};

}  // namespace

std::unique_ptr<Topology> static_topology(std::vector<EngineUrl::Host> hosts) {
    return std::make_unique<StaticTopology>(std::move(hosts));
}

}  // namespace stoa::db
