#include "cluster/etcd/testing/etcd_servers.hpp"

#include "cluster/etcd/client.hpp"

namespace stoa::fixture {

EtcdServers::EtcdServers(std::size_t count, int heartbeat_ms, int election_ms)
    : heartbeat_ms_(heartbeat_ms), election_ms_(election_ms) {
    for (std::size_t i = 0; i < count; ++i)
        servers_.push_back({free_port(), free_port(), nullptr});
}

Status EtcdServers::start() {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (!running(i)) STOA_CHECK(start(i));
    }
    return wait_ready();
}

Status EtcdServers::start(std::size_t i) {
    Server& server = servers_[i];
    if (server.process) return server.process->restart();
    const auto peer = [](const Server& s) { return "http://127.0.0.1:" + std::to_string(s.peer_port); };
    std::string all;
    for (std::size_t other = 0; other < servers_.size(); ++other) {
        all += (other > 0 ? ",e" : "e") + std::to_string(other) + "=" + peer(servers_[other]);
    }
    const std::string name = "e" + std::to_string(i);
    STOA_TRY(server.process, EngineProcess::start({{"etcd",
                                                    "--name",
                                                    name,
                                                    "--data-dir",
                                                    dir_.path(name),
                                                    "--listen-client-urls",
                                                    endpoint(i),
                                                    "--advertise-client-urls",
                                                    endpoint(i),
                                                    "--listen-peer-urls",
                                                    peer(server),
                                                    "--initial-advertise-peer-urls",
                                                    peer(server),
                                                    "--initial-cluster",
                                                    all,
                                                    "--heartbeat-interval",
                                                    std::to_string(heartbeat_ms_),
                                                    "--election-timeout",
                                                    std::to_string(election_ms_),
                                                    "--logger",
                                                    "zap",
                                                    "--log-level",
                                                    "error"},
                                                   dir_.path(),
                                                   name + ".log"}));
    return {};
}

Status EtcdServers::wait_ready(int timeout_ms) {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (!running(i)) continue;
        cluster::etcd::Client client({{endpoint(i)}, 500, 500});
        STOA_CHECK(server(i).wait_until([&] { return client.get("ready").ok(); }, timeout_ms));
    }
    return {};
}

std::vector<std::string> EtcdServers::endpoints() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < servers_.size(); ++i)
        out.push_back(endpoint(i));
    return out;
}

std::size_t EtcdServers::leader() {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (!running(i)) continue;
        const auto status = cluster::etcd::Client({{endpoint(i)}, 500, 500}).status();
        if (status && status->leader != 0 && status->leader == status->member) return i;
    }
    return servers_.size();
}

}  // namespace stoa::fixture
